/* One frame through a package, whichever way it was linked. Prints the ONNX Runtime that was found.
 * With SAPIENS_ONNXRUNTIME defined that file is named, otherwise the library finds its own. */
#include <sapiens.h>

#include <stdio.h>
#include <stdlib.h>

static void must(SapiensStatus status, const char *what) {
    if (status != SAPIENS_STATUS_OK) {
        fprintf(stderr, "%s: status %d: %s\n", what, (int)status, sapiens_last_error());
        exit(1);
    }
}

int main(void) {
    enum { WIDTH = 96, HEIGHT = 128 };
    static uint8_t pixels[WIDTH * HEIGHT * 3];
#ifdef SAPIENS_ONNXRUNTIME
    SapiensContextOptions options = SAPIENS_CONTEXT_OPTIONS_INIT;
#endif
    const SapiensContextOptions *given = NULL;
    SapiensRuntimeInfo runtime = SAPIENS_RUNTIME_INFO_INIT;
    SapiensImage image = SAPIENS_IMAGE_INIT;
    SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
    SapiensPose pose = SAPIENS_POSE_INIT;
    SapiensContext *context = NULL;
    SapiensStream *stream = NULL;
    SapiensResult *result = NULL;
    int i;

    for (i = 0; i < WIDTH * HEIGHT * 3; i++) {
        pixels[i] = (uint8_t)(i * 7);
    }
#ifdef SAPIENS_ONNXRUNTIME
    options.onnxruntime_path = SAPIENS_ONNXRUNTIME;
    given = &options;
#endif
    image.format = SAPIENS_PIXEL_FORMAT_RGB8;
    image.width = WIDTH;
    image.height = HEIGHT;
    image.row_stride = WIDTH * 3;
    image.data = pixels;
    image.timestamp_ns = 42;

    must(sapiens_context_create(given, &context), "context");
    must(sapiens_context_runtime(context, &runtime), "runtime");
    must(sapiens_context_load(context, NULL, NULL, NULL), "load");
    must(sapiens_stream_create(context, NULL, &stream), "stream");
    must(sapiens_stream_submit(stream, &image, NULL, 0, NULL), "submit");
    must(sapiens_stream_poll(stream, 120000, &result), "poll");
    must(sapiens_result_info(result, &info), "info");
    must(info.status, "frame");
    must(sapiens_result_pose(result, 0, &pose), "pose");
    if (info.timestamp_ns != 42 || pose.count == 0 || pose.keypoints == NULL) {
        fprintf(stderr, "the result is not that of the frame\n");
        return 1;
    }
    printf("runtime %s\n%s\n", runtime.path, sapiens_build_info());
    must(sapiens_result_release(&result), "release");
    must(sapiens_context_destroy(&context), "destroy");
    return 0;
}
