/* What the test programs share: checks that say what was expected, a picture, a context with the demo model. */
#ifndef CHECK_H
#define CHECK_H

#include "sapiens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition)                                                                              \
    do {                                                                                              \
        if (!(condition)) {                                                                           \
            fprintf(stderr, "%s:%d: %s does not hold; last error: %s\n", __FILE__, __LINE__, #condition, \
                    sapiens_last_error());                                                            \
            exit(1);                                                                                  \
        }                                                                                             \
    } while (0)

/* The status, and after a fault words that contain `says`. */
#define FAILS(status, call, says) check_fails((status), (call), (says), #call, __FILE__, __LINE__)
#define OK(call) check_fails(SAPIENS_STATUS_OK, (call), NULL, #call, __FILE__, __LINE__)

static void check_fails(int32_t expected, int32_t found, const char *says, const char *call, const char *file, int line) {
    if (expected != found) {
        fprintf(stderr, "%s:%d: %s: expected %s, found %s: %s\n", file, line, call, sapiens_status_name(expected),
                sapiens_status_name(found), sapiens_last_error());
        exit(1);
    }
    if (says != NULL && strstr(sapiens_last_error(), says) == NULL) {
        fprintf(stderr, "%s:%d: %s: the message `%s` does not say `%s`\n", file, line, call, sapiens_last_error(), says);
        exit(1);
    }
}

enum { PICTURE_WIDTH = 96, PICTURE_HEIGHT = 128 };

/* A figure on a gradient, RGB8, `stride` bytes per row. */
static void paint(unsigned char *pixels, int width, int height, int stride) {
    int x, y;
    for (y = 0; y < height; ++y) {
        for (x = 0; x < width; ++x) {
            unsigned char *p = pixels + y * stride + 3 * x;
            int inside = x > width / 3 && x < 2 * width / 3 && y > height / 6;
            p[0] = (unsigned char)(inside ? 200 : 2 * y);
            p[1] = (unsigned char)(inside ? 140 : 2 * x);
            p[2] = (unsigned char)(inside ? 110 : 90);
        }
    }
}

static unsigned char picture_pixels[PICTURE_WIDTH * PICTURE_HEIGHT * 3];

static SapiensImage picture(void) {
    SapiensImage image = SAPIENS_IMAGE_INIT;
    paint(picture_pixels, PICTURE_WIDTH, PICTURE_HEIGHT, 3 * PICTURE_WIDTH);
    image.format = SAPIENS_PIXEL_FORMAT_RGB8;
    image.width = PICTURE_WIDTH;
    image.height = PICTURE_HEIGHT;
    image.row_stride = 3 * PICTURE_WIDTH;
    image.data = picture_pixels;
    return image;
}

static SapiensContext *context_with_demo(void) {
    SapiensContext *context = NULL;
    SapiensContextOptions options = SAPIENS_CONTEXT_OPTIONS_INIT;
    options.threads = 1;
    OK(sapiens_context_create(&options, &context));
    OK(sapiens_context_load(context, NULL, NULL, NULL));
    return context;
}

static SapiensStream *stream_for(SapiensContext *context, uint32_t tasks, int32_t policy, uint32_t depth) {
    SapiensStream *stream = NULL;
    SapiensStreamOptions options = SAPIENS_STREAM_OPTIONS_INIT;
    options.tasks = tasks;
    options.policy = policy;
    options.depth = depth;
    OK(sapiens_stream_create(context, &options, &stream));
    return stream;
}

static SapiensResult *run_one(SapiensStream *stream, const SapiensImage *image, const SapiensSubmitOptions *options) {
    SapiensResult *result = NULL;
    OK(sapiens_stream_submit(stream, image, options, SAPIENS_WAIT_FOREVER, NULL));
    OK(sapiens_stream_poll(stream, SAPIENS_WAIT_FOREVER, &result));
    return result;
}

/* Not every program uses everything. */
static void use_all(void) {
    (void)picture, (void)context_with_demo, (void)stream_for, (void)run_one, (void)use_all;
}

#endif
