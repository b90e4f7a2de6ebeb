/* Markdown as lines to read in a terminal, through libcmark. */
#ifndef SCREENS_MARKDOWN_H
#define SCREENS_MARKDOWN_H

#include "base/span.h"
#include "widgets/textview.h"

/* Code stands that many columns in. */
void markdown_render(struct textview *v, struct span text, int code_indent);

#endif
