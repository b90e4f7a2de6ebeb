/* The table of settings looked up by key. Internal to model/settings. Pure; any thread. */
#ifndef MODEL_SETTINGS_KEYS_H
#define MODEL_SETTINGS_KEYS_H

#include "model/settings.h"

/* False: no such key. */
bool settings_key_find(struct span key, enum setting *out);

/* The key that `wrong` was probably meant to be; NULL where none is close. */
const char *settings_key_nearest(struct span wrong);

#endif
