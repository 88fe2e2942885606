/* A stand-in for NVIDIA's driver library: memory that the processor cannot reach, streams whose work is done when somebody waits. */
#define _GNU_SOURCE
#include "driver.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

typedef struct {
    size_t src_x, src_y; unsigned src_memory; const void *src_host; uint64_t src_device; void *src_array; size_t src_pitch;
    size_t dst_x, dst_y; unsigned dst_memory; void *dst_host; uint64_t dst_device; void *dst_array; size_t dst_pitch;
    size_t width, height;
} copy_2d;

typedef struct { int device; } context;
typedef struct op { struct op *next; copy_2d copy; uint64_t to; void *bytes; size_t count; } op;
typedef struct { context *context; op *first, **last; unsigned done, put; } stream;
typedef struct { context *context; stream *stream; unsigned upto; } event;
typedef struct { uint64_t shown; size_t size; unsigned char *real; int device; unsigned type; } allocation;

enum { DEVICES = 2, MOST = 4096, INVALID_VALUE = 1, INVALID_CONTEXT = 201, INVALID_HANDLE = 400 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static context primary[DEVICES] = { { 0 }, { 1 } }, other = { 0 };
static stream legacy[DEVICES + 1];
static allocation table[MOST];
static int used, copies, was_started;
static struct { const char *name; int calls, status; } functions[32];
static __thread context *current[8];
static __thread int depth;

static int at(const char *name) {
    int i = 0;
    while (functions[i].name != NULL && strcmp(functions[i].name, name) != 0) ++i;
    functions[i].name = name;
    return i;
}

/* Counts the call; answers what it was told to. */
#define CALLED                                                       \
    do {                                                             \
        int i_, status_;                                             \
        pthread_mutex_lock(&lock);                                   \
        i_ = at(__func__), ++functions[i_].calls, status_ = functions[i_].status; \
        pthread_mutex_unlock(&lock);                                 \
        if (status_ != 0) return status_;                            \
    } while (0)
#define IN_CONTEXT if (depth == 0) return INVALID_CONTEXT

static allocation *found(uint64_t address) {
    int i;
    for (i = 0; i < used; ++i) {
        if (table[i].real != NULL && address >= table[i].shown && address < table[i].shown + table[i].size) return &table[i];
    }
    return NULL;
}

static unsigned char *real(uint64_t address, size_t bytes) {
    allocation *a = found(address);
    if (a == NULL || address + bytes > a->shown + a->size) {
        fprintf(stderr, "the driver is asked for %zu bytes at %#llx, which are not there\n", bytes, (unsigned long long)address);
        abort();
    }
    return a->real + (address - a->shown);
}

static void start(stream *s, context *of) {
    if (s->last == NULL) s->last = &s->first, s->context = of;
}

static stream *stream_of(void *handle) {
    context *of = depth > 0 ? current[depth - 1] : &primary[0];
    if ((uintptr_t)handle > 2) return handle;
    stream *s = &legacy[of == &other ? DEVICES : of->device];
    start(s, of);
    return s;
}

static void put(stream *s, op what) {
    op *o = malloc(sizeof *o);
    *o = what, o->next = NULL;
    *s->last = o, s->last = &o->next, ++s->put;
}

/* Does the work of a stream up to a point. */
static void run(stream *s, unsigned upto) {
    while (s->done < upto) {
        op *o = s->first;
        size_t y;
        if ((s->first = o->next) == NULL) s->last = &s->first;
        ++s->done;
        if (o->bytes != NULL) {
            memcpy(real(o->to, o->count), o->bytes, o->count);
        } else {
            for (y = 0; y < o->copy.height; ++y) {
                copy_2d *c = &o->copy;
                if (c->src_memory == 2 && c->dst_memory == 2) {
                    memcpy(real(c->dst_device + y * c->dst_pitch, c->width), real(c->src_device + y * c->src_pitch, c->width), c->width);
                } else if (c->src_memory == 2) memcpy((char *)c->dst_host + y * c->dst_pitch, real(c->src_device + y * c->src_pitch, c->width), c->width);
                else memcpy(real(c->dst_device + y * c->dst_pitch, c->width), (const char *)c->src_host + y * c->src_pitch, c->width);
            }
            ++copies;
        }
        free(o->bytes), free(o);
    }
}

int cuInit(unsigned flags) { CALLED; was_started = 1; return flags == 0 ? 0 : INVALID_VALUE; }
int cuGetErrorString(int status, const char **text) {
    *text = status == INVALID_VALUE ? "invalid argument" : status == INVALID_HANDLE ? "invalid resource handle"
        : status == INVALID_CONTEXT ? "invalid device context" : status == 700 ? "an illegal memory access was encountered" : NULL;
    return *text == NULL ? INVALID_VALUE : 0;
}
int cuDeviceGet(int *device, int ordinal) { CALLED; *device = 70 + ordinal; return was_started && ordinal < DEVICES ? 0 : 101; }
int cuDevicePrimaryCtxRetain(context **c, int device) { CALLED; *c = &primary[device - 70]; return 0; }
int cuCtxPushCurrent_v2(context *c) { CALLED; current[depth++] = c; return c == NULL ? INVALID_CONTEXT : 0; }
int cuCtxPopCurrent_v2(context **c) { CALLED; IN_CONTEXT; *c = current[--depth]; return 0; }
int cuPointerGetAttribute(void *value, int attribute, uint64_t address) {
    allocation *a;
    CALLED;
    pthread_mutex_lock(&lock);
    a = found(address);
    if (a != NULL && attribute == 2) *(unsigned *)value = a->type;
    if (a != NULL && attribute == 9) *(int *)value = a->device;
    if (a != NULL && attribute == 11) *(uint64_t *)value = a->shown;
    if (a != NULL && attribute == 12) *(size_t *)value = a->size;
    pthread_mutex_unlock(&lock);
    return a == NULL ? INVALID_VALUE : 0;
}
int cuStreamCreate(stream **s, unsigned flags) {
    CALLED; IN_CONTEXT;
    *s = calloc(1, sizeof **s);
    start(*s, current[depth - 1]);
    return flags == 1 ? 0 : INVALID_VALUE;
}
int cuStreamGetCtx(stream *s, context **c) { CALLED; *c = s->context; return 0; }
int cuStreamSynchronize(void *handle) {
    stream *s = stream_of(handle);
    IN_CONTEXT;
    pthread_mutex_lock(&lock), run(s, s->put), pthread_mutex_unlock(&lock);
    CALLED; /* a copy that fails does not write later */
    return 0;
}
int cuEventCreate(event **e, unsigned flags) { CALLED; IN_CONTEXT; *e = calloc(1, sizeof **e); (*e)->context = current[depth - 1]; return flags == 2 ? 0 : INVALID_VALUE; }
int cuEventRecord(event *e, void *handle) {
    stream *s = stream_of(handle);
    CALLED;
    if (e->context != s->context) return INVALID_HANDLE;
    pthread_mutex_lock(&lock), e->stream = s, e->upto = s->put, pthread_mutex_unlock(&lock);
    return 0;
}
int cuEventSynchronize(event *e) {
    CALLED; IN_CONTEXT;
    pthread_mutex_lock(&lock);
    if (e->stream != NULL) run(e->stream, e->upto);
    pthread_mutex_unlock(&lock);
    return 0;
}
int cuEventDestroy_v2(event *e) { CALLED; free(e); return 0; }
int cuMemcpy2DAsync_v2(const copy_2d *c, void *handle) {
    stream *s = stream_of(handle);
    op o = { 0 };
    CALLED; IN_CONTEXT;
    if (c->src_memory + c->dst_memory < 3 || c->src_memory > 2 || c->dst_memory > 2 || c->src_pitch < c->width || c->dst_pitch < c->width || c->src_x + c->src_y + c->dst_x + c->dst_y > 0) return INVALID_VALUE;
    o.copy = *c;
    pthread_mutex_lock(&lock), put(s, o), pthread_mutex_unlock(&lock);
    return 0;
}

static uint64_t add(size_t bytes, int device, unsigned type) {
    /* Not at the beginning of a page, as allocations of real drivers within their blocks. */
    enum { OFFSET = 512 };
    char *shown = mmap(NULL, bytes + OFFSET, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    allocation a = { (uint64_t)(uintptr_t)(shown + OFFSET), bytes, calloc(1, bytes), device, type };
    pthread_mutex_lock(&lock), table[used++] = a, pthread_mutex_unlock(&lock);
    if (shown == MAP_FAILED || used == MOST) abort();
    return a.shown;
}
uint64_t fake_alloc(size_t bytes, int device) { return add(bytes, device, 2); }
uint64_t fake_pinned(size_t bytes) { return add(bytes, 0, 1); }
void fake_free(uint64_t address) {
    pthread_mutex_lock(&lock);
    allocation *a = found(address);
    free(a->real), a->real = NULL;
    pthread_mutex_unlock(&lock);
}
unsigned char *fake_bytes(uint64_t address) { return real(address, 1); }
void *fake_stream(int is_of_another_context) {
    stream *s = calloc(1, sizeof *s);
    start(s, is_of_another_context ? &other : &primary[0]);
    return s;
}
void *fake_event(void *handle) {
    event *e = calloc(1, sizeof *e);
    e->stream = stream_of(handle), e->context = e->stream->context, e->upto = e->stream->put;
    return e;
}
void fake_write(void *handle, uint64_t address, const void *bytes, size_t count) {
    op o = { 0 };
    o.to = address, o.count = count, o.bytes = malloc(count);
    memcpy(o.bytes, bytes, count);
    pthread_mutex_lock(&lock), put(stream_of(handle), o), pthread_mutex_unlock(&lock);
}
/* For programs that do not know what this is. */
int cuMemAlloc_v2(uint64_t *address, size_t bytes) { CALLED; IN_CONTEXT; *address = fake_alloc(bytes, current[depth - 1]->device); return 0; }
int cuMemcpyHtoD_v2(uint64_t to, const void *from, size_t bytes) { CALLED; IN_CONTEXT; memcpy(real(to, bytes), from, bytes); return 0; }
int cuMemcpyDtoH_v2(void *to, uint64_t from, size_t bytes) {
    stream *s = stream_of(NULL);
    CALLED; IN_CONTEXT;
    pthread_mutex_lock(&lock), run(s, s->put), pthread_mutex_unlock(&lock);
    memcpy(to, real(from, bytes), bytes);
    return 0;
}
void fake_wait(void *handle) {
    event *e = handle;
    pthread_mutex_lock(&lock);
    if (e->stream != NULL) run(e->stream, e->upto);
    pthread_mutex_unlock(&lock);
}
void fake_fail(const char *function, int status) { pthread_mutex_lock(&lock), functions[at(function)].status = status, pthread_mutex_unlock(&lock); }
int fake_calls(const char *function) { int n; pthread_mutex_lock(&lock), n = functions[at(function)].calls, pthread_mutex_unlock(&lock); return n; }
int fake_copies(void) { int n; pthread_mutex_lock(&lock), n = copies, pthread_mutex_unlock(&lock); return n; }
