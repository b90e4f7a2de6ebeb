/* What the fuzz targets share. A property that does not hold ends the run as a crash would. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* libFuzzer's: called with one input after another. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

#define HOLDS(property)                                                                    \
    do {                                                                                   \
        if (!(property)) {                                                                 \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #property);   \
            abort();                                                                       \
        }                                                                                  \
    } while (0)

#endif
