/* Settings as the parts below take them. Pure; any thread. */
#ifndef TUI_TUNING_H
#define TUI_TUNING_H

#include "engine/engine.h"
#include "model/settings.h"
#include "store/store.h"

enum payload_style tuning_style(const struct settings *s);
struct store_limits tuning_limits(const struct settings *s);
bool tuning_refuse_private(const struct settings *s); /* delivery.private = refuse */
int64_t tuning_replay_spacing(const struct settings *s); /* ms between two of many */
struct engine_policy tuning_policy(const struct settings *s);

#endif
