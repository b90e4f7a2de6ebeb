/* Starts a program for the person: their editor, tmux. It finds the signals as a shell
 * would give them: none blocked, and none ignored of those that this program ignores for
 * itself. */
#ifndef TUI_CHILD_H
#define TUI_CHILD_H

#include <spawn.h>
#include <stdbool.h>
#include <sys/types.h>

/* argv[0] is looked for in PATH. actions NULL: our own files. The caller waits for it. */
bool child_start(pid_t *pid, const posix_spawn_file_actions_t *actions, char *const argv[]);

#endif
