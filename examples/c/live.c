/*
 * A synthetic camera at 30 frames per second on a thread of its own; a game loop at 60 that never waits.
 *
 *     cc -std=c11 live.c -lsapiens -pthread -o live && ./live --frames 90
 *     ./live --model sapiens2_0.4b_pose.safetensors --events
 *
 * Pose runs on every frame, normals and parts on every sixth: results in between carry the last maps with their age.
 * Frames are borrowed from a ring of buffers, which the release callback gives back. POSIX threads and clocks; on Windows
 * use those of <threads.h> or of the engine.
 */
#define _POSIX_C_SOURCE 200809L
#include "sapiens.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WIDTH = 640, HEIGHT = 480, BUFFERS = 4 };

struct buffer {
    unsigned char rgba[HEIGHT][WIDTH][4];
    atomic_int in_use;
};

static struct buffer ring[BUFFERS];
static SapiensStream *stream;
static atomic_int stop;
static atomic_long starved;
static long frames_wanted = 150;

struct totals {
    long results, faults, dropped;
    uint32_t oldest_map;
    double latency_ms;
};

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void sleep_until(int64_t at_ns) {
    int64_t left = at_ns - now_ns();
    if (left > 0) {
        struct timespec t = { (time_t)(left / 1000000000), (long)(left % 1000000000) };
        nanosleep(&t, NULL);
    }
}

static void on_signal(int number) {
    (void)number;
    atomic_store(&stop, 1);
}

/* Called by the library as soon as it has read the pixels. */
static void on_release(void *user_data, uint64_t frame) {
    struct buffer *buffer = user_data;
    (void)frame;
    atomic_store(&buffer->in_use, 0);
}

/* A figure that walks through the picture. */
static void draw(struct buffer *buffer, long n) {
    int center = (int)(n * 6 % (WIDTH + 160)) - 80;
    for (int y = 0; y < HEIGHT; ++y) {
        for (int x = 0; x < WIDTH; ++x) {
            unsigned char *p = buffer->rgba[y][x];
            int dx = x - center, head = dx * dx + (y - 90) * (y - 90) < 35 * 35;
            int body = abs(dx) < 55 && y > 125 && y < 290, leg = abs(abs(dx) - 28) < 20 && y >= 290 && y < 450;
            p[0] = (unsigned char)(head ? 220 : body ? 90 : leg ? 60 : 60 + y / 4);
            p[1] = (unsigned char)(head ? 170 : body ? 120 : leg ? 60 : 70 + x / 8);
            p[2] = (unsigned char)(head ? 140 : body ? 200 : leg ? 90 : 80);
            p[3] = 255;
        }
    }
}

static void *camera(void *unused) {
    int64_t next = now_ns();
    (void)unused;
    for (long n = 0; n < frames_wanted && !atomic_load(&stop); ++n) {
        struct buffer *buffer = NULL;
        sleep_until(next += 1000000000 / 30);
        for (int i = 0; i < BUFFERS && buffer == NULL; ++i) {
            int is_free = 0;
            if (atomic_compare_exchange_strong(&ring[i].in_use, &is_free, 1)) {
                buffer = &ring[i];
            }
        }
        if (buffer == NULL) {
            atomic_fetch_add(&starved, 1);
            continue;
        }
        draw(buffer, n);
        SapiensImage image = SAPIENS_IMAGE_INIT;
        image.format = SAPIENS_PIXEL_FORMAT_RGBA8;
        image.width = WIDTH;
        image.height = HEIGHT;
        image.row_stride = sizeof buffer->rgba[0];
        image.data = buffer->rgba;
        image.timestamp_ns = now_ns();
        SapiensSubmitOptions options = SAPIENS_SUBMIT_OPTIONS_INIT;
        options.flags = SAPIENS_SUBMIT_FLAGS_BORROW;
        options.release = on_release;
        options.user_data = buffer;
        if (sapiens_stream_submit(stream, &image, &options, 0, NULL) != SAPIENS_STATUS_OK) {
            fprintf(stderr, "submit: %s\n", sapiens_last_error());
            atomic_store(&buffer->in_use, 0);
            atomic_store(&stop, 1);
        }
    }
    atomic_store(&stop, 1);
    return NULL;
}

/* What the game does with a result: here it counts. */
static void use(struct totals *totals, SapiensResult *result) {
    SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
    SapiensMap normals = SAPIENS_MAP_INIT;
    if (sapiens_result_info(result, &info) != SAPIENS_STATUS_OK) {
        return;
    }
    if (info.status != SAPIENS_STATUS_OK) {
        fprintf(stderr, "frame %llu: %s\n", (unsigned long long)info.frame, info.message);
        totals->faults++;
        return;
    }
    totals->results++;
    totals->dropped += (long)info.dropped_before;
    totals->latency_ms += (double)(now_ns() - info.timestamp_ns) / 1e6;
    if (sapiens_result_map(result, SAPIENS_SCENE, SAPIENS_MAP_KIND_NORMALS, &normals) == SAPIENS_STATUS_OK &&
        normals.age_frames > totals->oldest_map) {
        totals->oldest_map = normals.age_frames;
    }
}

static void on_result(void *user_data, SapiensStream *from, SapiensResult *result) {
    (void)from;
    use(user_data, result);
}

static int fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, sapiens_last_error());
    sapiens_shutdown_all();
    return 1;
}

int main(int count, char **arguments) {
    const char *model = NULL;
    int by_events = 0;
    for (int i = 1; i < count; ++i) {
        if (strcmp(arguments[i], "--events") == 0) {
            by_events = 1;
        } else if (strcmp(arguments[i], "--frames") == 0 && i + 1 < count) {
            frames_wanted = atol(arguments[++i]);
        } else if (strcmp(arguments[i], "--model") == 0 && i + 1 < count) {
            model = arguments[++i];
        } else {
            fprintf(stderr, "usage: live [--frames N] [--model FILE] [--events]\n");
            return 2;
        }
    }
    signal(SIGINT, on_signal);

    struct totals totals = { 0 };
    SapiensContext *context = NULL;
    SapiensStreamOptions options = SAPIENS_STREAM_OPTIONS_INIT;
    SapiensTaskOptions sixth = SAPIENS_TASK_OPTIONS_INIT;
    sixth.every_n = 6;
    sixth.priority = -1;
    options.policy = SAPIENS_POLICY_LATEST_ONLY;
    options.tasks = SAPIENS_TASK_POSE | SAPIENS_TASK_NORMAL | SAPIENS_TASK_SEG;
    if (by_events) {
        options.delivery = SAPIENS_DELIVERY_EVENTS;
        options.callback = on_result;
        options.user_data = &totals;
    }
    if (sapiens_context_create(NULL, &context) < 0 || sapiens_context_load(context, model, NULL, NULL) < 0) {
        return fail("load");
    }
    if (sapiens_stream_create(context, &options, &stream) < 0 ||
        sapiens_stream_set_task(stream, SAPIENS_TASK_NORMAL, &sixth) < 0 ||
        sapiens_stream_set_task(stream, SAPIENS_TASK_SEG, &sixth) < 0) {
        return fail("stream");
    }

    pthread_t thread;
    int64_t begin = now_ns(), next = begin;
    if (pthread_create(&thread, NULL, camera, NULL) != 0) {
        return fail("thread");
    }
    for (int is_last = 0; !is_last;) { /* the game loop: look, never wait */
        SapiensResult *result = NULL;
        sleep_until(next += 1000000000 / 60);
        if (atomic_load(&stop)) { /* the camera has ended: one more look when all is done */
            sapiens_stream_flush(stream, SAPIENS_WAIT_FOREVER);
            is_last = 1;
        }
        if (by_events) {
            sapiens_context_process_events(context);
        } else {
            while (sapiens_stream_poll(stream, 0, &result) == SAPIENS_STATUS_OK) {
                use(&totals, result);
                sapiens_result_release(&result);
            }
        }
    }
    pthread_join(thread, NULL);

    SapiensStatistics s = SAPIENS_STATISTICS_INIT;
    sapiens_stream_statistics(stream, &s);
    double seconds = (double)(now_ns() - begin) / 1e9;
    printf("%llu frames taken, %ld results (%.1f per second), %llu frames and %llu results dropped, %ld faults\n",
           (unsigned long long)s.submitted, totals.results, (double)totals.results / seconds,
           (unsigned long long)s.dropped_frames, (unsigned long long)s.dropped_results, totals.faults);
    printf("latency %.1f ms on average; per frame: wait %.1f, convert %.1f, preprocess %.1f, model %.1f, postprocess %.1f ms\n",
           totals.results ? totals.latency_ms / (double)totals.results : 0.0, s.wait_ms, s.convert_ms, s.preprocess_ms,
           s.model_ms, s.postprocess_ms);
    printf("normals up to %u frames old; camera without a free buffer %ld times\n", totals.oldest_map,
           atomic_load(&starved));
    sapiens_context_destroy(&context);
    for (int i = 0; i < BUFFERS; ++i) {
        if (atomic_load(&ring[i].in_use)) {
            fprintf(stderr, "buffer %d was not given back\n", i);
            return 1;
        }
    }
    return totals.faults != 0 || totals.results == 0;
}
