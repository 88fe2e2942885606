/* Frames in CUDA memory: the same results as from memory of the processor, read when they are there, and given back once. */
#include "check.h"
#include "driver.h"

enum { W = PICTURE_WIDTH, H = PICTURE_HEIGHT, MOST_KEYPOINTS = 308 };

static SapiensStream *stream;
static SapiensKeypoint expected[MOST_KEYPOINTS], found[MOST_KEYPOINTS];
static uint64_t to_device, to_host;

static void look(const SapiensImage *image, const SapiensSubmitOptions *options, SapiensKeypoint *keypoints) {
    SapiensPose pose = SAPIENS_POSE_INIT;
    SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
    SapiensResult *result = run_one(stream, image, options);
    OK(sapiens_result_info(result, &info));
    to_device = info.to_device_bytes, to_host = info.to_host_bytes;
    OK(sapiens_result_pose(result, 0, &pose));
    CHECK(pose.count == MOST_KEYPOINTS);
    memcpy(keypoints, pose.keypoints, sizeof expected);
    OK(sapiens_result_release(&result));
}

static int copies_at_release, releases;
static uint64_t released_frame;

static void on_release(void *user_data, uint64_t frame) {
    (void)user_data;
    copies_at_release = fake_copies();
    released_frame = frame;
    ++releases;
}

static SapiensSubmitOptions borrowing(void) {
    SapiensSubmitOptions options = SAPIENS_SUBMIT_OPTIONS_INIT;
    options.flags = SAPIENS_SUBMIT_FLAGS_BORROW;
    options.release = on_release;
    releases = 0;
    return options;
}

/* A picture of this format on the processor: rows of `stride` bytes, noise in what lies between. */
static unsigned char memory[H * (4 * W + 64)], chroma[H / 2 * (W + 64)];

static SapiensImage frame(int format, int padding, int is_upside_down, int orientation) {
    static const int channels[] = { 0, 3, 3, 4, 4, 1, 1 };
    SapiensImage image = picture();
    int stride = channels[format] * W + padding, i;
    for (i = 0; i < (int)sizeof memory; ++i) memory[i] = (unsigned char)(picture_pixels[i % (int)sizeof picture_pixels] + i / 999);
    for (i = 0; i < (int)sizeof chroma; ++i) chroma[i] = (unsigned char)(128 + i % 7);
    image.format = format;
    image.orientation = orientation;
    image.row_stride = is_upside_down ? -stride : stride;
    image.data = is_upside_down ? memory + (H - 1) * stride : memory;
    if (format == SAPIENS_PIXEL_FORMAT_NV12) {
        image.color = SAPIENS_COLOR_BT709_FULL;
        image.chroma_stride = W + padding;
        image.chroma = chroma;
    }
    return image;
}

/* The same in memory of a device: nothing is there until somebody waits for `stream`. */
static SapiensImage on_device(SapiensImage image, void *in) {
    uint64_t rows = (uint64_t)(image.row_stride < 0 ? -image.row_stride : image.row_stride);
    size_t bytes = (size_t)rows * H;
    uint64_t pixels = fake_alloc(bytes, 0);
    fake_write(in, pixels, memory, bytes);
    image.memory = SAPIENS_MEMORY_CUDA;
    image.data = (const void *)(uintptr_t)(pixels + (image.row_stride < 0 ? rows * (H - 1) : 0));
    if (image.chroma != NULL) {
        uint64_t other = fake_alloc(sizeof chroma, 0);
        fake_write(in, other, chroma, sizeof chroma);
        image.chroma = (const void *)(uintptr_t)other;
    }
    return image;
}

static void every_layout_gives_the_same(void) {
    static const int paddings[] = { 0, 12, 13 }, orientations[] = { 0, SAPIENS_ORIENTATION_ROTATE90, SAPIENS_ORIENTATION_FLIP_VERTICAL };
    static const unsigned packed[] = { 0, 3 * W * H, 3 * W * H, 4 * W * H, 4 * W * H, W * H, W * H + W * H / 2 };
    int format, i, is_upside_down;
    for (format = SAPIENS_PIXEL_FORMAT_RGB8; format <= SAPIENS_PIXEL_FORMAT_NV12; ++format) {
        for (i = 0; i < 3; ++i) {
            for (is_upside_down = 0; is_upside_down < 2; ++is_upside_down) {
                SapiensImage host = frame(format, paddings[i], is_upside_down, orientations[i]), there;
                SapiensSubmitOptions options = borrowing();
                uint64_t before, copies;
                void *queue = fake_stream(i == 1);
                look(&host, NULL, expected);
                before = to_host, copies = (uint64_t)fake_copies();
                /* Copied by the submit, once the event has come. */
                there = on_device(host, queue);
                there.event = fake_event(queue);
                there.stream = (void *)(uintptr_t)0x10; /* not looked at */
                look(&there, NULL, found);
                CHECK(memcmp(expected, found, sizeof found) == 0);
                CHECK(to_host == before + packed[format]);
                /* Borrowed; what is in the stream now has to be done. */
                there = on_device(host, queue);
                there.stream = queue;
                look(&there, &options, found);
                CHECK(memcmp(expected, found, sizeof found) == 0);
                CHECK(to_host == before + packed[format]);
                CHECK((uint64_t)fake_copies() == copies + (format == SAPIENS_PIXEL_FORMAT_NV12 ? 4 : 2));
                CHECK(releases == 1 && copies_at_release == fake_copies());
            }
        }
    }
}

static void the_default_stream_is_waited_for(void) {
    SapiensImage host = frame(SAPIENS_PIXEL_FORMAT_BGRA8, 0, 0, 0), there;
    int events = fake_calls("cuEventCreate");
    look(&host, NULL, expected);
    there = on_device(host, NULL);
    look(&there, NULL, found);
    CHECK(memcmp(expected, found, sizeof found) == 0);
    CHECK(fake_calls("cuEventCreate") == events + 1 && fake_calls("cuEventDestroy_v2") == fake_calls("cuEventCreate"));
    CHECK(fake_calls("cuCtxPushCurrent_v2") == fake_calls("cuCtxPopCurrent_v2"));
}

/* A frame that is taken back is not read, and released once. */
static void what_is_taken_back_is_not_read(SapiensContext *context) {
    SapiensImage there = on_device(frame(SAPIENS_PIXEL_FORMAT_RGB8, 0, 0, 0), NULL);
    SapiensSubmitOptions options = borrowing();
    SapiensStream *full = stream_for(context, SAPIENS_TASK_POSE, SAPIENS_POLICY_BLOCK, 1);
    SapiensImage first = picture();
    SapiensResult *result = NULL;
    uint64_t number = 0;
    int copies;
    /* One result that nobody fetches: the next frame waits. */
    OK(sapiens_stream_submit(full, &first, NULL, SAPIENS_WAIT_FOREVER, NULL));
    OK(sapiens_stream_flush(full, SAPIENS_WAIT_FOREVER));
    copies = fake_copies();
    OK(sapiens_stream_submit(full, &there, &options, 0, &number));
    /* No room: nothing is released. */
    CHECK(sapiens_stream_submit(full, &there, &options, 0, NULL) == SAPIENS_STATUS_TIMEOUT && releases == 0);
    OK(sapiens_stream_cancel(full, number));
    CHECK(releases == 1 && released_frame == number && fake_copies() == copies);
    OK(sapiens_stream_poll(full, 0, &result));
    OK(sapiens_result_release(&result));
    OK(sapiens_stream_destroy(&full));
    CHECK(releases == 1);
}

static void refuse(SapiensImage image, int32_t status, const char *says) {
    SapiensSubmitOptions options = borrowing();
    check_fails(status, sapiens_stream_submit(stream, &image, NULL, 0, NULL), says, says, __FILE__, __LINE__);
    /* Borrowed or not: it is known at the submit. */
    check_fails(status, sapiens_stream_submit(stream, &image, &options, 0, NULL), says, says, __FILE__, __LINE__);
    CHECK(releases == 0);
}

static void what_is_no_frame_is_refused(void) {
    const int32_t invalid = SAPIENS_STATUS_INVALID_ARGUMENT;
    SapiensImage good = on_device(frame(SAPIENS_PIXEL_FORMAT_RGB8, 0, 0, 0), NULL), image;
    SapiensImage nv12 = on_device(frame(SAPIENS_PIXEL_FORMAT_NV12, 0, 0, 0), NULL);
    look(&good, NULL, found);
    look(&nv12, NULL, found);
#define BAD(change, status, says) image = good, change, refuse(image, status, says)
    BAD(image.data = memory, invalid, "image->data: 0x");
    BAD(image.data = memory, invalid, "no memory that CUDA knows (invalid argument, CUDA error 1)");
    BAD(image.data = (void *)(uintptr_t)fake_pinned(3 * W * H), invalid, "page-locked memory of the processor");
    BAD(image.data = (void *)(uintptr_t)fake_alloc(3 * W * H - 1, 0), invalid, "do not lie within their allocation of 36863 bytes");
    BAD(image.row_stride = -3 * W, invalid, "image->data");
    BAD(image.row_stride = 3 * W - 1, invalid, "image->row_stride is 287");
    BAD(image.row_stride = INT64_MIN, invalid, "do not fit into memory");
    BAD(image.data = NULL, invalid, "image->data is NULL");
    BAD(image.chroma = image.data, invalid, "NV12");
    BAD((image = nv12, image.chroma = NULL), invalid, "image->chroma is NULL");
    BAD((image = nv12, image.chroma = memory), invalid, "image->chroma: 0x");
    BAD((image = nv12, image.chroma = (void *)(uintptr_t)fake_alloc(W * H / 2, 1)), invalid, "image->chroma is on cuda:1");
    BAD(image.memory = SAPIENS_MEMORY_VULKAN, SAPIENS_STATUS_UNSUPPORTED, "image->memory is 2");
    BAD((image = picture(), image.stream = fake_stream(0)), invalid, "image->stream and event are for SAPIENS_MEMORY_CUDA");
    BAD((image = picture(), image.event = fake_event(NULL)), invalid, "image->stream and event are for SAPIENS_MEMORY_CUDA");
    fake_fail("cuEventRecord", 400);
    BAD((void)0, invalid, "image->stream: the NVIDIA driver could not record an event in the stream: invalid resource handle");
    fake_fail("cuEventRecord", 0);
    fake_free((uint64_t)(uintptr_t)good.data);
    BAD((void)0, invalid, "no memory that CUDA knows");
}

/* Faults that show while the frame is worked on: the submit says so, or the result. Then everything goes on. */
static void faults_of_the_driver_are_told(void) {
    static const char *const functions[] = { "cuEventSynchronize", "cuMemcpy2DAsync_v2", "cuStreamSynchronize" };
    static const char *const says[] = { "image->event: the NVIDIA driver could not wait", "image->data: the NVIDIA driver could not copy",
                                        "image->data: the NVIDIA driver could not copy" };
    SapiensImage there = on_device(frame(SAPIENS_PIXEL_FORMAT_RGB8, 0, 0, 0), NULL);
    int i;
    there.event = fake_event(NULL);
    for (i = 0; i < 3; ++i) {
        SapiensSubmitOptions options = borrowing();
        SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
        SapiensResult *result;
        fake_fail(functions[i], 700);
        FAILS(SAPIENS_STATUS_DEVICE, sapiens_stream_submit(stream, &there, NULL, 0, NULL), says[i]);
        FAILS(SAPIENS_STATUS_DEVICE, sapiens_stream_submit(stream, &there, NULL, 0, NULL), "illegal memory access");
        result = run_one(stream, &there, &options);
        OK(sapiens_result_info(result, &info));
        CHECK(info.status == SAPIENS_STATUS_DEVICE && strstr(info.message, says[i]) != NULL && releases == 1);
        OK(sapiens_result_release(&result));
        fake_fail(functions[i], 0);
        look(&there, &options, found);
    }
}

int main(void) {
    SapiensContext *context = context_with_demo();
    use_all();
    CHECK(fake_calls("cuInit") == 0); /* nobody opens the driver before it is needed */
    stream = stream_for(context, SAPIENS_TASK_POSE, SAPIENS_POLICY_BLOCK, 2);
    every_layout_gives_the_same();
    the_default_stream_is_waited_for();
    what_is_taken_back_is_not_read(context);
    what_is_no_frame_is_refused();
    faults_of_the_driver_are_told();
    CHECK(fake_calls("cuInit") == 1);
    OK(sapiens_context_destroy(&context));
    puts("ok");
    return 0;
}
