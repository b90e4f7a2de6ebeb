/* The bytes of the receiver's answers. Internal to the receiver. */
#ifndef SUPPORT_RECEIVER_BYTES_H
#define SUPPORT_RECEIVER_BYTES_H

#include "base/buf.h"
#include "support/receiver.h"

enum receiver_after { AFTER_KEEP, AFTER_CLOSE, AFTER_RESET };

/* Appends the answer, or the beginning of one without end. */
void receiver_bytes(const struct receiver_answer *a, struct buf *out);

/* Appends a little more of an answer without end; does nothing for the others. */
void receiver_bytes_more(enum receiver_how how, struct buf *out);

bool receiver_bytes_endless(enum receiver_how how);
bool receiver_bytes_slow(enum receiver_how how); /* endless, a byte at a time */
enum receiver_after receiver_bytes_after(enum receiver_how how);

#endif
