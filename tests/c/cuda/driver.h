/* What the tests ask of the stand-in for NVIDIA's driver (driver.c). */
#ifndef DRIVER_H
#define DRIVER_H

#include <stddef.h>
#include <stdint.h>

/* Memory of a device. The address leads nowhere: whoever follows it on the processor crashes. */
uint64_t fake_alloc(size_t bytes, int device);
/* Page-locked memory of the processor. */
uint64_t fake_pinned(size_t bytes);
void fake_free(uint64_t address);
/* The bytes themselves. */
unsigned char *fake_bytes(uint64_t address);

/* A stream of the primary context of a device, or of another context on it; NULL: the legacy default stream of device 0. */
void *fake_stream(int is_of_another_context);
/* An event, recorded in a stream now. */
void *fake_event(void *stream);
/* Work in a stream: writes bytes, but not before somebody waits for it. */
void fake_write(void *stream, uint64_t address, const void *bytes, size_t count);
/* Waits as a program of its own would. */
void fake_wait(void *event);

/* From now on a function answers this; 0: as usual. */
void fake_fail(const char *function, int status);
/* How often it was called. */
int fake_calls(const char *function);
/* Copies that have been done. */
int fake_copies(void);

#endif
