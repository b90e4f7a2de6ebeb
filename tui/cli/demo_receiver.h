/* The demo's webhook receiver: a thread on 127.0.0.1 that answers every request with the
 * next of a row of answers, good ones, failures, "come back later" and slow ones. */
#ifndef CLI_DEMO_RECEIVER_H
#define CLI_DEMO_RECEIVER_H

#include <stdint.h>

#include "base/err.h"

struct demo_receiver;

struct demo_receiver *demo_receiver_start(struct err *err);
uint16_t demo_receiver_port(const struct demo_receiver *r);
void demo_receiver_stop(struct demo_receiver **r);

#endif
