/* Maps copied into memory of the host, on the processor and on a CUDA device: every byte of the view, and no other. */
#include "check.h"
#include "driver.h"

static SapiensContext *context;
static SapiensResult *result;

static size_t element_size(const SapiensMap *map) {
    return map->element == SAPIENS_ELEMENT_U8 ? 1 : 4;
}

/* What `sapiens_result_map` shows, element by element. */
static int is_same(const SapiensMap *map, const unsigned char *first, int64_t stride) {
    size_t size = element_size(map);
    uint32_t x, y, c;
    for (y = 0; y < map->height; ++y) {
        for (x = 0; x < map->width; ++x) {
            for (c = 0; c < map->channels; ++c) {
                const unsigned char *from = (const unsigned char *)map->data + (int64_t)y * map->row_stride + (int64_t)x * map->pixel_stride
                    + (int64_t)c * map->channel_stride;
                if (memcmp(from, first + (int64_t)y * stride + (int64_t)((x * map->channels + c) * size), size) != 0) return 0;
            }
        }
    }
    return 1;
}

/* Whether nothing was written between the rows. */
static int is_clean(const SapiensMap *map, const unsigned char *lowest, size_t row, size_t stride) {
    size_t y, i;
    for (y = 0; y + 1 < map->height; ++y) {
        for (i = row; i < stride; ++i) {
            if (lowest[y * stride + i] != 0xA5) return 0;
        }
    }
    return 1;
}

static void copies_are_the_map(int32_t kind, uint32_t filtered, int is_turned) {
    SapiensMap map = SAPIENS_MAP_INIT;
    SapiensMapTarget target = SAPIENS_MAP_TARGET_INIT;
    size_t row, stride, bytes;
    int is_upside_down, on_stream, padding;
    OK(filtered ? sapiens_result_filtered_map(result, SAPIENS_SCENE, kind, &map) : sapiens_result_map(result, SAPIENS_SCENE, kind, &map));
    row = map.width * map.channels * element_size(&map);
    for (padding = 0; padding <= 20; padding += 20) {
        stride = row + (size_t)padding;
        bytes = stride * (map.height - 1) + row;
        for (is_upside_down = 0; is_upside_down < 2; ++is_upside_down) {
            int64_t signed_stride = is_upside_down ? -(int64_t)stride : (int64_t)stride;
            size_t first = is_upside_down ? stride * (map.height - 1) : 0;
            unsigned char *host = malloc(bytes);
            memset(host, 0xA5, bytes);
            target.filtered = filtered;
            target.row_stride = signed_stride;
            target.size = bytes;
            target.memory = SAPIENS_MEMORY_CPU;
            target.stream = target.event = NULL;
            target.data = host + first;
            OK(sapiens_result_copy_map(result, SAPIENS_SCENE, kind, &target));
            CHECK(is_same(&map, host + first, signed_stride) && is_clean(&map, host, row, stride));
            free(host);
            target.memory = SAPIENS_MEMORY_CUDA;
            for (on_stream = 0; on_stream < 3; ++on_stream) {
                uint64_t there = fake_alloc(bytes, on_stream == 0);
                unsigned char *real = fake_bytes(there);
                int copies = fake_copies(), is_async = on_stream > 0 && !is_turned && !is_upside_down;
                memset(real, 0xA5, bytes);
                target.data = (void *)(uintptr_t)(there + first);
                target.stream = on_stream == 0 ? NULL : fake_stream(on_stream == 2);
                target.event = on_stream == 0 ? NULL : fake_event(target.stream);
                OK(sapiens_result_copy_map(result, SAPIENS_SCENE, kind, &target));
                CHECK(fake_copies() == copies + (is_async ? 0 : 1));
                if (on_stream > 0) fake_wait(target.event);
                CHECK(fake_copies() == copies + 1);
                CHECK(is_same(&map, real + first, signed_stride) && is_clean(&map, real, row, stride));
                fake_free(there);
            }
        }
    }
}

static void refuse(SapiensMapTarget target, int32_t kind, int32_t status, const char *says) {
    check_fails(status, sapiens_result_copy_map(result, SAPIENS_SCENE, kind, &target), says, says, __FILE__, __LINE__);
}

static void bad_targets_are_refused(void) {
    const int32_t invalid = SAPIENS_STATUS_INVALID_ARGUMENT, kind = SAPIENS_MAP_KIND_CONFIDENCE;
    SapiensMap map = SAPIENS_MAP_INIT;
    SapiensMapTarget good = SAPIENS_MAP_TARGET_INIT, target;
    unsigned char *host;
    uint64_t there;
    OK(sapiens_result_map(result, SAPIENS_SCENE, kind, &map));
    good.row_stride = 4 * (int64_t)map.width;
    good.size = (uint64_t)(good.row_stride * (int64_t)map.height);
    good.data = host = calloc(1, (size_t)good.size);
    there = fake_alloc((size_t)good.size, 0);
#define BAD(change, status, says) target = good, change, refuse(target, kind, status, says)
#define BAD_THERE(change, status, says) \
    target = good, target.memory = SAPIENS_MEMORY_CUDA, target.data = (void *)(uintptr_t)there, change, refuse(target, kind, status, says)
    BAD(target.data = NULL, invalid, "target->data is NULL");
    BAD(target.memory = 7, invalid, "target->memory is 7");
    BAD(target.memory = SAPIENS_MEMORY_METAL, SAPIENS_STATUS_UNSUPPORTED, "target->memory is 4");
    BAD(target.filtered = 2, invalid, "target->filtered is 2");
    BAD(target.reserved = 1, invalid, "target->reserved is 1");
    BAD(target.row_stride -= 1, invalid, "target->row_stride is");
    BAD(target.row_stride = INT64_MAX, invalid, "do not fit into memory");
    BAD(target.size -= 1, invalid, "target->size is");
    BAD(target.struct_size = 4, SAPIENS_STATUS_ABI_MISMATCH, "target->struct_size is 4");
    BAD(target.stream = fake_stream(0), invalid, "target->stream and event are for SAPIENS_MEMORY_CUDA");
    BAD_THERE(target.event = fake_event(NULL), invalid, "target->event is recorded in target->stream, which is NULL");
    BAD_THERE(target.data = host, invalid, "target->data: 0x");
    BAD_THERE((target.row_stride += 4, target.size *= 2), invalid, "target->data: the rows take");
    BAD_THERE(target.data = (void *)(uintptr_t)fake_pinned((size_t)target.size), invalid, "page-locked");
    BAD_THERE((target.stream = fake_stream(0), target.event = fake_event(fake_stream(1))), invalid, "target->event: the NVIDIA driver could not record it");
    fake_fail("cuMemcpy2DAsync_v2", 700);
    BAD_THERE((void)0, SAPIENS_STATUS_DEVICE, "target->data: the NVIDIA driver could not copy: an illegal memory access");
    fake_fail("cuMemcpy2DAsync_v2", 0);
    CHECK(sapiens_result_copy_map(result, SAPIENS_SCENE, SAPIENS_MAP_KIND_TOKENS, &good) == SAPIENS_STATUS_ABSENT);
    CHECK(sapiens_result_copy_map(result, 0, kind, &good) == SAPIENS_STATUS_ABSENT);
    FAILS(invalid, sapiens_result_copy_map(result, 7, kind, &good), "person is 7");
    FAILS(invalid, sapiens_result_copy_map(result, 0, 99, &good), "kind is 99");
    FAILS(invalid, sapiens_result_copy_map(result, SAPIENS_SCENE, kind, NULL), "target is NULL");
    free(host);
}

/* Both hold the same, but for the last digits. */
static void are_near(SapiensResult *host, SapiensResult *device, int32_t kind) {
    SapiensMap a = SAPIENS_MAP_INIT, b = SAPIENS_MAP_INIT;
    uint32_t x, y, c, differ = 0;
    OK(sapiens_result_map(host, SAPIENS_SCENE, kind, &a));
    OK(sapiens_result_map(device, SAPIENS_SCENE, kind, &b));
    CHECK(a.element == b.element && a.width == b.width && a.height == b.height && a.channels == b.channels && a.classes == b.classes);
    CHECK(b.memory == SAPIENS_MEMORY_CPU && memcmp(a.image_from_map, b.image_from_map, sizeof a.image_from_map) == 0);
    CHECK(a.row_stride == b.row_stride && a.pixel_stride == b.pixel_stride && a.channel_stride == b.channel_stride);
    for (y = 0; y < a.height; ++y) {
        for (x = 0; x < a.width; ++x) {
            for (c = 0; c < a.channels; ++c) {
                int64_t at = (int64_t)y * a.row_stride + (int64_t)x * a.pixel_stride + (int64_t)c * a.channel_stride;
                const unsigned char *p = (const unsigned char *)a.data + at, *q = (const unsigned char *)b.data + at;
                float u, v;
                if (a.element == SAPIENS_ELEMENT_U8) {
                    differ += *p != *q;
                    continue;
                }
                memcpy(&u, p, sizeof u), memcpy(&v, q, sizeof v);
                differ += !(u - v < 1e-4f && v - u < 1e-4f);
            }
        }
    }
    CHECK(differ == 0);
}

static void look(SapiensContext *with, uint32_t filtered, uint32_t on_device) {
    SapiensStreamOptions options = SAPIENS_STREAM_OPTIONS_INIT;
    SapiensStream *stream = NULL;
    SapiensImage image = picture();
    options.keep_image = 1;
    options.filter_maps = filtered;
    options.device_maps = on_device;
    OK(sapiens_stream_create(with, &options, &stream));
    result = run_one(stream, &image, NULL);
}

int main(void) {
    static const int32_t kinds[] = { SAPIENS_MAP_KIND_LABELS, SAPIENS_MAP_KIND_CONFIDENCE, SAPIENS_MAP_KIND_NORMALS, SAPIENS_MAP_KIND_ALBEDO,
                                     SAPIENS_MAP_KIND_ALPHA, SAPIENS_MAP_KIND_FOREGROUND, SAPIENS_MAP_KIND_IMAGE };
    const uint32_t dense = SAPIENS_TASK_SEG | SAPIENS_TASK_NORMAL | SAPIENS_TASK_ALBEDO | SAPIENS_TASK_MATTING;
    SapiensLoadOptions load = SAPIENS_LOAD_OPTIONS_INIT;
    SapiensContextOptions options = SAPIENS_CONTEXT_OPTIONS_INIT;
    SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
    SapiensResult *host;
    uint64_t bytes;
    size_t i;
    use_all();
    context = context_with_demo();
    look(context, SAPIENS_TASK_NORMAL, 0);
    for (i = 0; i < sizeof kinds / sizeof *kinds; ++i) copies_are_the_map(kinds[i], 0, 0);
    copies_are_the_map(SAPIENS_MAP_KIND_NORMALS, 1, 0);
    bad_targets_are_refused();
    /* The same maps, left on the device until somebody asks: the device is the processor here. */
    OK(sapiens_result_info(result, &info));
    host = result, bytes = info.to_host_bytes;
    look(context, 0, dense);
    OK(sapiens_result_info(result, &info));
    CHECK(info.to_host_bytes < bytes / 2);
    for (i = 0; i < sizeof kinds / sizeof *kinds; ++i) are_near(host, result, kinds[i]), copies_are_the_map(kinds[i], 0, 0);
    OK(sapiens_result_write_map_png(result, SAPIENS_SCENE, SAPIENS_MAP_KIND_ALBEDO, "maps.png"));
    CHECK(remove("maps.png") == 0);
    OK(sapiens_result_release(&result));
    /* What is steadied comes to the host. */
    look(context, SAPIENS_TASK_NORMAL, dense);
    copies_are_the_map(SAPIENS_MAP_KIND_NORMALS, 0, 0);
    copies_are_the_map(SAPIENS_MAP_KIND_NORMALS, 1, 0);
    OK(sapiens_result_release(&host));
    OK(sapiens_result_release(&result));
    OK(sapiens_context_destroy(&context));
    /* Channels first: turned on the way. */
    options.threads = 1;
    OK(sapiens_context_create(&options, &context));
    load.tasks = SAPIENS_TASK_FEATURES;
    OK(sapiens_context_load(context, NULL, &load, NULL));
    look(context, 0, 0);
    copies_are_the_map(SAPIENS_MAP_KIND_FEATURES, 0, 1);
    copies_are_the_map(SAPIENS_MAP_KIND_TOKENS, 0, 0);
    OK(sapiens_result_release(&result));
    OK(sapiens_context_destroy(&context));
    puts("ok");
    return 0;
}
