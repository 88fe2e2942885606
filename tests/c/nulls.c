/* Every export with every pointer null, with garbage handles, with structs of no size: a fault and a message each time. The
   test around this program checks that no export of the header is missing here. */
#include "check.h"

static const char *last;

/* A fault, never a crash; and a message that is new. */
#define BAD(call)                                                                                  \
    do {                                                                                           \
        int32_t status = (call);                                                                   \
        if (status >= 0) {                                                                         \
            fprintf(stderr, "%s:%d: %s answers %s\n", __FILE__, __LINE__, #call, sapiens_status_name(status)); \
            exit(1);                                                                               \
        }                                                                                          \
        last = sapiens_last_error();                                                               \
        CHECK(strlen(last) > 0);                                                                   \
    } while (0)

/* The same export with a context, stream or result that is none. */
#define BAD_FOR_ALL(type, name, ...)                        \
    do {                                                    \
        size_t bad;                                         \
        for (bad = 0; bad < sizeof garbage / sizeof *garbage; ++bad) { \
            BAD(name((type *)garbage[bad] __VA_ARGS__));    \
        }                                                   \
    } while (0)

static int on_the_stack;
static const void *garbage[7];

static void without_handles(void) {
    uint32_t index;
    static const uint32_t indices[] = { 100000, UINT32_MAX };
    BAD(sapiens_keypoint_count(NULL));
    BAD(sapiens_link_count(NULL));
    BAD(sapiens_class_count(NULL));
    BAD(sapiens_keypoint(0, NULL));
    BAD(sapiens_link(0, NULL));
    BAD(sapiens_class(0, NULL));
    BAD(sapiens_set_keypoint(17, 0, NULL));
    BAD(sapiens_set_link_count(17, NULL));
    BAD(sapiens_set_link(17, 0, NULL));
    BAD(sapiens_set_class(28, 0, NULL));
    BAD(sapiens_keypoint_counterpart(17, 0, 308, NULL));
    for (index = 0; index < 2; ++index) {
        SapiensKeypointInfo keypoint = SAPIENS_KEYPOINT_INFO_INIT;
        SapiensLinkInfo link = SAPIENS_LINK_INFO_INIT;
        SapiensClassInfo label = SAPIENS_CLASS_INFO_INIT;
        BAD(sapiens_keypoint(indices[index], &keypoint));
        BAD(sapiens_link(indices[index], &link));
        BAD(sapiens_class(indices[index], &label));
        BAD(sapiens_set_keypoint(17, indices[index], &keypoint));
        BAD(sapiens_set_link(133, indices[index], &link));
        BAD(sapiens_set_class(28, indices[index], &label));
        keypoint.struct_size = index;
        link.struct_size = UINT32_MAX - index;
        label.struct_size = index;
        BAD(sapiens_keypoint(0, &keypoint));
        BAD(sapiens_link(0, &link));
        BAD(sapiens_class(0, &label));
    }
#define DEFAULTS(type, function)                       \
    do {                                               \
        type value;                                    \
        BAD(function(NULL, sizeof value));             \
        BAD(function(&value, 0));                      \
        BAD(function(&value, 3));                      \
        BAD(function(&value, UINT32_MAX));             \
        BAD(function((type *)((char *)&value + 1), sizeof value)); \
    } while (0)
    DEFAULTS(SapiensContextOptions, sapiens_context_options_default);
    DEFAULTS(SapiensLoadOptions, sapiens_load_options_default);
    DEFAULTS(SapiensStreamOptions, sapiens_stream_options_default);
    DEFAULTS(SapiensFilterOptions, sapiens_filter_options_default);
    DEFAULTS(SapiensMapFilterOptions, sapiens_map_filter_options_default);
    DEFAULTS(SapiensTaskOptions, sapiens_task_options_default);
    DEFAULTS(SapiensImage, sapiens_image_default);
    DEFAULTS(SapiensSubmitOptions, sapiens_submit_options_default);
    CHECK(sapiens_status_name(INT32_MIN) != NULL && sapiens_task_name(UINT32_MAX) != NULL);
    CHECK(sapiens_version() != 0 && sapiens_abi_version() != 0 && sapiens_build_info() != NULL);
    BAD(sapiens_context_create(NULL, NULL));
    BAD(sapiens_context_destroy(NULL));
    BAD(sapiens_stream_destroy(NULL));
    BAD(sapiens_result_release(NULL));
}

static void with_garbage_handles(void) {
    SapiensRuntimeInfo runtime = SAPIENS_RUNTIME_INFO_INIT;
    SapiensModelInfo model = SAPIENS_MODEL_INFO_INIT;
    SapiensStatistics statistics = SAPIENS_STATISTICS_INIT;
    SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
    SapiensPerson person = SAPIENS_PERSON_INIT;
    SapiensPose pose = SAPIENS_POSE_INIT;
    SapiensMap map = SAPIENS_MAP_INIT;
    SapiensPointsCheck points = SAPIENS_POINTS_CHECK_INIT;
    SapiensMapTarget target = SAPIENS_MAP_TARGET_INIT;
    SapiensImage image = picture();
    SapiensStream *stream = NULL;
    SapiensResult *result = NULL;
    const char *text = NULL;
    double ms = 0;
    uint64_t length = 0;
    uint32_t number = 0;
    size_t i;
    BAD_FOR_ALL(SapiensContext, sapiens_context_runtime, , &runtime);
    BAD_FOR_ALL(SapiensContext, sapiens_context_try_device, , "cpu");
    BAD_FOR_ALL(SapiensContext, sapiens_context_process_events, );
    BAD_FOR_ALL(SapiensContext, sapiens_context_load, , NULL, NULL, &number);
    BAD_FOR_ALL(SapiensContext, sapiens_context_load_memory, , "x", "y", 1, NULL, &number);
    BAD_FOR_ALL(SapiensContext, sapiens_context_cancel_loads, );
    BAD_FOR_ALL(SapiensContext, sapiens_context_unload, , 1);
    BAD_FOR_ALL(SapiensContext, sapiens_context_model_count, , &number);
    BAD_FOR_ALL(SapiensContext, sapiens_context_model, , 0, &model);
    BAD_FOR_ALL(SapiensContext, sapiens_context_load_detector, , NULL, NULL);
    BAD_FOR_ALL(SapiensContext, sapiens_context_unload_detector, );
    BAD_FOR_ALL(SapiensContext, sapiens_context_detector, , &model);
    BAD_FOR_ALL(SapiensContext, sapiens_stream_create, , NULL, &stream);
    BAD_FOR_ALL(SapiensStream, sapiens_stream_set_task, , SAPIENS_TASK_POSE, NULL);
    BAD_FOR_ALL(SapiensStream, sapiens_stream_set_people, , NULL);
    BAD_FOR_ALL(SapiensStream, sapiens_stream_expect_entry, );
    BAD_FOR_ALL(SapiensStream, sapiens_stream_submit, , &image, NULL, 0, &length);
    BAD_FOR_ALL(SapiensStream, sapiens_stream_submit_file, , "x.jpg", NULL, 0, &length);
    BAD_FOR_ALL(SapiensStream, sapiens_stream_poll, , 0, &result);
    BAD_FOR_ALL(SapiensStream, sapiens_stream_cancel, , 1);
    BAD_FOR_ALL(SapiensStream, sapiens_stream_flush, , SAPIENS_WAIT_FOREVER);
    BAD_FOR_ALL(SapiensStream, sapiens_stream_statistics, , &statistics);
    BAD_FOR_ALL(SapiensResult, sapiens_result_retain, );
    BAD_FOR_ALL(SapiensResult, sapiens_result_info, , &info);
    BAD_FOR_ALL(SapiensResult, sapiens_result_timing, , 0, &text, &ms);
    BAD_FOR_ALL(SapiensResult, sapiens_result_person, , 0, &person);
    BAD_FOR_ALL(SapiensResult, sapiens_result_pose, , 0, &pose);
    BAD_FOR_ALL(SapiensResult, sapiens_result_filtered_pose, , 0, &pose);
    BAD_FOR_ALL(SapiensResult, sapiens_result_map, , 0, 0, &map);
    BAD_FOR_ALL(SapiensResult, sapiens_result_filtered_map, , 0, 0, &map);
    BAD_FOR_ALL(SapiensResult, sapiens_result_points_check, , 0, &points);
    BAD_FOR_ALL(SapiensResult, sapiens_result_copy_map, , 0, 0, &target);
    BAD_FOR_ALL(SapiensResult, sapiens_result_json, , &text, &length);
    BAD_FOR_ALL(SapiensResult, sapiens_result_write_json, , "x.json");
    BAD_FOR_ALL(SapiensResult, sapiens_result_write_map_png, , 0, 0, "x.png");
    BAD_FOR_ALL(SapiensResult, sapiens_result_write_skeleton_png, , "x.png");
    CHECK(stream == NULL && result == NULL && text == NULL && ms == 0.0 && length == 0 && number == 0);
    for (i = 1; i < sizeof garbage / sizeof *garbage; ++i) {
        SapiensContext *context = (SapiensContext *)garbage[i];
        stream = (SapiensStream *)garbage[i];
        result = (SapiensResult *)garbage[i];
        BAD(sapiens_context_destroy(&context));
        BAD(sapiens_stream_destroy(&stream));
        BAD(sapiens_result_release(&result));
    }
}

/* Living handles, everything else null or of no size. */
static void with_living_handles(void) {
    SapiensContext *context = context_with_demo();
    SapiensStream *stream = stream_for(context, 0, SAPIENS_POLICY_BLOCK, 2);
    SapiensImage image = picture();
    SapiensResult *result = run_one(stream, &image, NULL);
    SapiensLoadOptions load = SAPIENS_LOAD_OPTIONS_INIT;
    SapiensSubmitOptions submit = SAPIENS_SUBMIT_OPTIONS_INIT;
    SapiensTaskOptions task = SAPIENS_TASK_OPTIONS_INIT;
    SapiensStreamOptions people = SAPIENS_STREAM_OPTIONS_INIT;
    uint32_t none = 0;
    const char *text = NULL;
    double ms = 0;
    BAD(sapiens_context_runtime(context, NULL));
    BAD(sapiens_context_runtime(context, (SapiensRuntimeInfo *)&none));
    BAD(sapiens_context_try_device(context, NULL));
    BAD(sapiens_context_load_memory(context, NULL, "y", 1, NULL, NULL));
    BAD(sapiens_context_load_memory(context, "x", NULL, 1, NULL, NULL));
    load.struct_size = 1;
    BAD(sapiens_context_load(context, NULL, &load, NULL));
    BAD(sapiens_context_load_memory(context, "x", "y", 1, &load, NULL));
    BAD(sapiens_context_unload(context, 0));
    BAD(sapiens_context_unload(context, UINT32_MAX));
    BAD(sapiens_context_model_count(context, NULL));
    BAD(sapiens_context_model(context, 0, NULL));
    BAD(sapiens_context_load_detector(context, "", NULL));
    BAD(sapiens_context_load_detector(context, NULL, &load));
    BAD(sapiens_context_detector(context, NULL));
    BAD(sapiens_stream_create(context, NULL, NULL));
    BAD(sapiens_stream_create(NULL, NULL, NULL));
    BAD(sapiens_stream_set_task(stream, 0, NULL));
    BAD(sapiens_stream_set_task(stream, UINT32_MAX, NULL));
    task.struct_size = 0;
    BAD(sapiens_stream_set_task(stream, SAPIENS_TASK_POSE, &task));
    people.struct_size = 3;
    BAD(sapiens_stream_set_people(stream, &people));
    BAD(sapiens_stream_submit(stream, NULL, NULL, 0, NULL));
    BAD(sapiens_stream_submit(stream, (SapiensImage *)&none, NULL, 0, NULL));
    submit.struct_size = 5;
    BAD(sapiens_stream_submit(stream, &image, &submit, 0, NULL));
    BAD(sapiens_stream_submit_file(stream, NULL, NULL, 0, NULL));
    BAD(sapiens_stream_submit_file(stream, "", NULL, 0, NULL));
    BAD(sapiens_stream_submit_file(stream, "/nowhere.jpg", NULL, 0, NULL));
    BAD(sapiens_stream_poll(stream, 0, NULL));
    BAD(sapiens_stream_statistics(stream, NULL));
    BAD(sapiens_result_info(result, NULL));
    BAD(sapiens_result_info(result, (SapiensResultInfo *)&none));
    BAD(sapiens_result_timing(result, 0, NULL, &ms));
    BAD(sapiens_result_timing(result, 0, &text, NULL));
    BAD(sapiens_result_timing(result, UINT32_MAX, &text, &ms));
    BAD(sapiens_result_person(result, 0, NULL));
    BAD(sapiens_result_person(result, UINT32_MAX, NULL));
    BAD(sapiens_result_pose(result, 0, NULL));
    BAD(sapiens_result_filtered_pose(result, 0, NULL));
    BAD(sapiens_result_map(result, 0, 0, NULL));
    BAD(sapiens_result_filtered_map(result, -1, 2, NULL));
    BAD(sapiens_result_points_check(result, -1, NULL));
    BAD(sapiens_result_copy_map(result, -1, 0, NULL));
    BAD(sapiens_result_copy_map(result, -1, 0, (SapiensMapTarget *)&none));
    BAD(sapiens_result_points_check(result, -1, (SapiensPointsCheck *)&none));
    BAD(sapiens_result_json(result, NULL, NULL));
    BAD(sapiens_result_write_json(result, NULL));
    BAD(sapiens_result_write_json(result, ""));
    BAD(sapiens_result_write_map_png(result, -1, 0, NULL));
    BAD(sapiens_result_write_map_png(result, INT32_MIN, 0, "x.png"));
    BAD(sapiens_result_write_map_png(result, -1, INT32_MAX, "x.png"));
    BAD(sapiens_result_write_skeleton_png(result, NULL));
    BAD(sapiens_result_write_skeleton_png(result, "\xff.png"));
    CHECK(text == NULL && ms == 0.0);
    OK(sapiens_result_release(&result));
    OK(sapiens_stream_destroy(&stream));
    OK(sapiens_context_destroy(&context));
}

int main(void) {
    uint64_t on_the_heap_size = 64;
    void *on_the_heap = malloc(on_the_heap_size);
    size_t i = 0;
    use_all();
    CHECK(on_the_heap != NULL);
    memset(on_the_heap, 0xAB, on_the_heap_size);
    garbage[i++] = NULL;
    garbage[i++] = &on_the_stack;
    garbage[i++] = on_the_heap;
    garbage[i++] = (const void *)1;
    garbage[i++] = (const void *)UINTPTR_MAX;
    garbage[i++] = (const void *)(uintptr_t)0x4040404040404040u;
    garbage[i++] = (const void *)(uintptr_t)0xdeadbeefdeadbeefu;
    CHECK(strlen(sapiens_last_error()) == 0);
    without_handles();
    with_garbage_handles();
    with_living_handles();
    OK(sapiens_shutdown_all());
    free(on_the_heap);
    puts("ok");
    return 0;
}
