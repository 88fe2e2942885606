/* Frames: every pixel format, stride and orientation gives the same result; what cannot be a frame is refused. */
#include "check.h"

#include <math.h>

enum { W = PICTURE_WIDTH, H = PICTURE_HEIGHT };

static SapiensStream *stream;

static SapiensKeypoint first_keypoint(const SapiensImage *image) {
    SapiensPose pose = SAPIENS_POSE_INIT;
    SapiensKeypoint found;
    SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
    SapiensResult *result = run_one(stream, image, NULL);
    OK(sapiens_result_info(result, &info));
    CHECK(info.status == SAPIENS_STATUS_OK && info.timestamp_ns == image->timestamp_ns);
    OK(sapiens_result_pose(result, 0, &pose));
    CHECK(pose.count > 0 && pose.stride == sizeof(SapiensKeypoint));
    found = pose.keypoints[0];
    OK(sapiens_result_release(&result));
    return found;
}

static int is_near(SapiensKeypoint a, SapiensKeypoint b, float tolerance) {
    return fabsf(a.x - b.x) <= tolerance && fabsf(a.y - b.y) <= tolerance;
}

static void formats_agree(SapiensKeypoint expected) {
    static const int orders[5][5] = { { 3, 0, 1, 2, 0 }, { 3, 2, 1, 0, 0 }, { 4, 0, 1, 2, 3 }, { 4, 2, 1, 0, 3 }, { 1, 0, 0, 0, 0 } };
    static unsigned char buffer[H * (4 * W + 12)];
    int format, x, y, c;
    for (format = SAPIENS_PIXEL_FORMAT_RGB8; format <= SAPIENS_PIXEL_FORMAT_BGRA8; ++format) {
        const int *order = orders[format - 1];
        int stride = order[0] * W + 12;
        SapiensImage image = picture();
        memset(buffer, 77, sizeof buffer);
        for (y = 0; y < H; ++y) {
            for (x = 0; x < W; ++x) {
                for (c = 0; c < 3; ++c) {
                    buffer[y * stride + order[0] * x + order[1 + c]] = picture_pixels[3 * (y * W + x) + c];
                }
            }
        }
        image.format = format;
        image.row_stride = stride;
        image.data = buffer;
        CHECK(is_near(first_keypoint(&image), expected, 1e-4f));
        /* The same rows, the last of them first in memory. */
        for (y = 0; y < H / 2; ++y) {
            for (x = 0; x < stride; ++x) {
                unsigned char kept = buffer[y * stride + x];
                buffer[y * stride + x] = buffer[(H - 1 - y) * stride + x];
                buffer[(H - 1 - y) * stride + x] = kept;
            }
        }
        image.row_stride = -stride;
        image.data = buffer + (H - 1) * stride;
        CHECK(is_near(first_keypoint(&image), expected, 1e-4f));
    }
}

/* A gray picture as GRAY8 and as NV12 without colour. */
static void gray_and_nv12_agree(void) {
    static unsigned char luma[H * W], chroma[H / 2 * W];
    SapiensImage image = picture();
    SapiensKeypoint gray, full;
    int i;
    for (i = 0; i < H * W; ++i) {
        luma[i] = picture_pixels[3 * i];
    }
    memset(chroma, 128, sizeof chroma);
    image.format = SAPIENS_PIXEL_FORMAT_GRAY8;
    image.row_stride = W;
    image.data = luma;
    gray = first_keypoint(&image);
    image.format = SAPIENS_PIXEL_FORMAT_NV12;
    image.color = SAPIENS_COLOR_BT709_FULL;
    image.chroma = chroma;
    image.chroma_stride = W;
    full = first_keypoint(&image);
    CHECK(is_near(gray, full, 1e-4f));
}

/* Turned by half and marked so: results lie where they would in the upright picture. */
static void orientation_is_undone(SapiensKeypoint expected) {
    static unsigned char turned[H * W * 3];
    SapiensImage image = picture();
    SapiensResult *result;
    SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
    int i, c;
    for (i = 0; i < H * W; ++i) {
        for (c = 0; c < 3; ++c) {
            turned[3 * i + c] = picture_pixels[3 * (H * W - 1 - i) + c];
        }
    }
    image.data = turned;
    image.orientation = SAPIENS_ORIENTATION_ROTATE180;
    CHECK(is_near(first_keypoint(&image), expected, 1e-4f));
    image.orientation = SAPIENS_ORIENTATION_ROTATE90;
    result = run_one(stream, &image, NULL);
    OK(sapiens_result_info(result, &info));
    CHECK(info.image_width == H && info.image_height == W);
    /* The upper left corner of the upright picture is the lower left one of the buffer. */
    CHECK(info.buffer_from_image[2] == 0 && info.buffer_from_image[5] == H - 1);
    OK(sapiens_result_release(&result));
}

static void refuse(SapiensImage image, int32_t status, const char *says) {
    uint64_t frame = 5;
    check_fails(status, sapiens_stream_submit(stream, &image, NULL, 0, &frame), says, says, __FILE__, __LINE__);
    CHECK(frame == 5);
}

static void bad_frames_are_refused(void) {
    SapiensImage image;
#define BAD(change, status, says) image = picture(), change, refuse(image, status, says)
    BAD(image.format = 0, SAPIENS_STATUS_INVALID_ARGUMENT, "image->format is 0");
    BAD(image.format = 99, SAPIENS_STATUS_INVALID_ARGUMENT, "image->format is 99");
    BAD(image.width = 0, SAPIENS_STATUS_IMAGE, "0 wide");
    BAD(image.height = 0, SAPIENS_STATUS_IMAGE, "0 high");
    BAD(image.width = UINT32_MAX, SAPIENS_STATUS_IMAGE, "16384");
    BAD((image.width = 16384, image.height = 16384), SAPIENS_STATUS_IMAGE, "134217728");
    BAD(image.row_stride = 3 * W - 1, SAPIENS_STATUS_INVALID_ARGUMENT, "image->row_stride is 287; a row of this image has 288");
    BAD(image.row_stride = 0, SAPIENS_STATUS_INVALID_ARGUMENT, "image->row_stride is 0");
    BAD(image.row_stride = -(3 * W - 1), SAPIENS_STATUS_INVALID_ARGUMENT, "image->row_stride is -287");
    BAD(image.row_stride = INT64_MAX, SAPIENS_STATUS_INVALID_ARGUMENT, "do not fit into memory");
    BAD(image.row_stride = INT64_MIN, SAPIENS_STATUS_INVALID_ARGUMENT, "do not fit into memory");
    BAD(image.data = NULL, SAPIENS_STATUS_INVALID_ARGUMENT, "image->data is NULL");
    BAD(image.memory = SAPIENS_MEMORY_D3D12, SAPIENS_STATUS_UNSUPPORTED, "image->memory is 3");
    BAD(image.memory = 50, SAPIENS_STATUS_INVALID_ARGUMENT, "image->memory is 50");
    BAD(image.orientation = 9, SAPIENS_STATUS_INVALID_ARGUMENT, "image->orientation is 9");
    BAD(image.color = 1, SAPIENS_STATUS_INVALID_ARGUMENT, "image->color is set");
    BAD(image.color = -1, SAPIENS_STATUS_INVALID_ARGUMENT, "image->color is -1");
    BAD(image.chroma = picture_pixels, SAPIENS_STATUS_INVALID_ARGUMENT, "NV12");
    BAD(image.reserved = 1, SAPIENS_STATUS_INVALID_ARGUMENT, "reserved");
    BAD(image.struct_size = 4, SAPIENS_STATUS_ABI_MISMATCH, "image->struct_size is 4");
    BAD(image.format = SAPIENS_PIXEL_FORMAT_NV12, SAPIENS_STATUS_INVALID_ARGUMENT, "image->color is not set");
    BAD((image.format = SAPIENS_PIXEL_FORMAT_NV12, image.color = 3), SAPIENS_STATUS_INVALID_ARGUMENT, "image->chroma is NULL");
    BAD((image.format = SAPIENS_PIXEL_FORMAT_NV12, image.color = 3, image.chroma = picture_pixels, image.chroma_stride = 5),
        SAPIENS_STATUS_INVALID_ARGUMENT, "image->chroma_stride is 5");
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_stream_submit(stream, NULL, NULL, 0, NULL), "image is NULL");
    /* Memory that is none of CUDA's; where there is no driver, that. */
    image = picture();
    image.memory = SAPIENS_MEMORY_CUDA;
    {
        SapiensStatus status = sapiens_stream_submit(stream, &image, NULL, 0, NULL);
        CHECK(status == SAPIENS_STATUS_INVALID_ARGUMENT || (status == SAPIENS_STATUS_DEVICE && strstr(sapiens_last_error(), "NVIDIA") != NULL));
    }
}

static void bad_requests_are_refused(void) {
    SapiensImage image = picture();
    SapiensSubmitOptions options;
    SapiensBox box = { 1, 2, 3, 4 };
#define BAD_REQUEST(change, says) \
    options = (SapiensSubmitOptions)SAPIENS_SUBMIT_OPTIONS_INIT, change, \
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_stream_submit(stream, &image, &options, 0, NULL), says)
    BAD_REQUEST(options.tasks = 256, "options->tasks has unknown bits: 0x100");
    BAD_REQUEST(options.flags = 8, "options->flags has unknown bits: 0x8");
    BAD_REQUEST(options.box_count = 1, "options->boxes is NULL");
    BAD_REQUEST((options.box_count = 257, options.boxes = &box), "box_count is 257");
    box.width = 0;
    BAD_REQUEST((options.box_count = 1, options.boxes = &box), "boxes[0]");
    box.width = NAN;
    BAD_REQUEST((options.box_count = 1, options.boxes = &box), "boxes[0]");
}

int main(void) {
    SapiensContext *context = context_with_demo();
    SapiensImage image = picture();
    SapiensKeypoint expected;
    SapiensStatistics statistics = SAPIENS_STATISTICS_INIT;
    use_all();
    stream = stream_for(context, SAPIENS_TASK_POSE, SAPIENS_POLICY_BLOCK, 2);
    image.timestamp_ns = -12345678901;
    expected = first_keypoint(&image);
    formats_agree(expected);
    gray_and_nv12_agree();
    orientation_is_undone(expected);
    bad_frames_are_refused();
    bad_requests_are_refused();
    OK(sapiens_stream_statistics(stream, &statistics));
    CHECK(statistics.submitted == statistics.completed && statistics.completed == 13 && statistics.failed == 0);
    OK(sapiens_context_destroy(&context));
    puts("ok");
    return 0;
}
