/* Models: from inside the library, from a path, from memory; stopped, refused, unloaded, changed under us.
   Arguments: a checkpoint, a converted graph, its weights file. */
#include "check.h"

static int calls;
static uint64_t furthest;

static int32_t on_progress(void *user_data, const char *stage, uint64_t done, uint64_t total) {
    CHECK(strlen(stage) > 0 && done <= total);
    furthest = done > furthest ? done : furthest;
    ++calls;
    return *(int *)user_data;
}

static unsigned char *read_file(const char *path, uint64_t *size) {
    FILE *file = fopen(path, "rb");
    unsigned char *bytes;
    long length;
    CHECK(file != NULL);
    CHECK(fseek(file, 0, SEEK_END) == 0);
    length = ftell(file);
    CHECK(length > 0 && fseek(file, 0, SEEK_SET) == 0);
    bytes = malloc((size_t)length);
    CHECK(bytes != NULL && fread(bytes, 1, (size_t)length, file) == (size_t)length);
    fclose(file);
    *size = (uint64_t)length;
    return bytes;
}

static void the_demo_tells_about_itself(SapiensContext *context) {
    SapiensModelInfo info = SAPIENS_MODEL_INFO_INIT;
    SapiensLoadOptions options = SAPIENS_LOAD_OPTIONS_INIT;
    uint32_t id = 0, other = 0, count = 0;
    int answer = 0;

    options.progress = on_progress;
    options.user_data = &answer;
    OK(sapiens_context_load(context, NULL, &options, &id));
    CHECK(calls > 0 && furthest > 0 && id != 0);
    OK(sapiens_context_model_count(context, &count));
    CHECK(count == 1);
    OK(sapiens_context_model(context, 0, &info));
    CHECK(info.id == id && strcmp(info.name, "demo") == 0 && strcmp(info.device, "cpu") == 0);
    CHECK(info.tasks == (SAPIENS_TASK_POSE | SAPIENS_TASK_SEG | SAPIENS_TASK_NORMAL | SAPIENS_TASK_POINTMAP |
                         SAPIENS_TASK_ALBEDO | SAPIENS_TASK_MATTING));
    CHECK(info.precision == SAPIENS_PRECISION_FP32 && info.parameters > 1000000 && strlen(info.refused) == 0);
    CHECK(strcmp(info.provider, "CPUExecutionProvider") == 0 && strstr(info.licence, "MIT") != NULL);
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_context_model(context, 1, &info), "1 models are loaded");
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_context_load(context, NULL, NULL, &other), "both predict");
    CHECK(other == 0);
    OK(sapiens_context_unload(context, id));
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_context_unload(context, id), "no model has it");

    options.recorded = 2;
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_context_load(context, NULL, &options, &other), "options->recorded");
    /* A processor records nothing; its tensors are fixed all the same. */
    options.recorded = 1;
    /* The heads of the demo are too narrow for it to pay: it loads as without. */
    options.winograd_bytes = (uint64_t)1 << 33;
    options.tasks = SAPIENS_TASK_POSE;
    OK(sapiens_context_load(context, NULL, &options, &other));
    CHECK(other != id);
    options.tasks = SAPIENS_TASK_NORMAL | SAPIENS_TASK_SEG;
    OK(sapiens_context_load(context, NULL, &options, &id));
    OK(sapiens_context_model(context, 1, &info));
    CHECK(info.tasks == options.tasks);
    OK(sapiens_context_unload(context, other));
    OK(sapiens_context_unload(context, id));
}

static void loads_are_stopped_and_refused(SapiensContext *context, const char *checkpoint) {
    SapiensLoadOptions options = SAPIENS_LOAD_OPTIONS_INIT;
    uint64_t size;
    unsigned char *bytes = read_file(checkpoint, &size);
    uint32_t id = 0, count = 9;
    int answer = 1;

    options.progress = on_progress;
    options.user_data = &answer;
    FAILS(SAPIENS_STATUS_CANCELLED, sapiens_context_load(context, NULL, &options, &id), "progress callback");
    FAILS(SAPIENS_STATUS_NOT_FOUND, sapiens_context_load(context, "/nowhere/x.safetensors", NULL, &id), "/nowhere");
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_context_load(context, "", NULL, &id), "path is empty");
    answer = 0;
    options.precision = 77;
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_context_load(context, NULL, &options, &id), "precision is 77");
    options.precision = 0;
    options.tasks = 1u << 20;
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_context_load(context, NULL, &options, &id), "unknown bits");
    options.tasks = 0;
    options.regions = 2;
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_context_load(context, NULL, &options, &id), "options->regions is 2");
    options.regions = 0;
    options.input_width = 128;
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_context_load(context, NULL, &options, &id), "give both");

    FAILS(SAPIENS_STATUS_UNKNOWN_MODEL, sapiens_context_load_memory(context, "noise", "not a model", 11, NULL, &id), "noise");
    FAILS(SAPIENS_STATUS_CORRUPT_MODEL, sapiens_context_load_memory(context, "half", bytes, size / 2, NULL, &id), "half");
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_context_load_memory(context, "none", NULL, size, NULL, &id), "data is NULL");
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT,
          sapiens_context_load_memory(context, "huge", bytes, UINT64_MAX, NULL, &id), "memory");
    OK(sapiens_context_model_count(context, &count));
    CHECK(count == 0 && id == 0);
    OK(sapiens_context_load_memory(context, "from an asset", bytes, size, NULL, &id));
    free(bytes);
    {
        SapiensModelInfo info = SAPIENS_MODEL_INFO_INIT;
        OK(sapiens_context_model(context, 0, &info));
        CHECK(strcmp(info.name, "from an asset") == 0);
    }
    OK(sapiens_context_unload(context, id));
}

/* The weights of a converted graph are read where they lie: a file cut short must not end the process. */
static void a_file_that_changes_is_noticed(SapiensContext *context, const char *graph, const char *weights) {
    SapiensStream *stream = stream_for(context, 0, SAPIENS_POLICY_BLOCK, 2);
    SapiensImage image = picture();
    SapiensResult *result;
    SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
    SapiensPose pose = SAPIENS_POSE_INIT;
    SapiensMap map = SAPIENS_MAP_INIT;
    FILE *file;

    OK(sapiens_context_load(context, graph, NULL, NULL));
    result = run_one(stream, &image, NULL);
    OK(sapiens_result_info(result, &info));
    CHECK(info.status == SAPIENS_STATUS_OK);
    OK(sapiens_result_release(&result));
    file = fopen(weights, "wb");
    CHECK(file != NULL);
    fclose(file);
    result = run_one(stream, &image, NULL);
    OK(sapiens_result_info(result, &info));
    CHECK(info.status == SAPIENS_STATUS_CORRUPT_MODEL && strstr(info.message, weights) != NULL);
    CHECK(info.person_count == 0);
    FAILS(SAPIENS_STATUS_CORRUPT_MODEL, sapiens_result_pose(result, 0, &pose), "frame 2 failed: the file of this model");
    FAILS(SAPIENS_STATUS_CORRUPT_MODEL, sapiens_result_map(result, SAPIENS_SCENE, 0, &map), "frame 2 failed");
    OK(sapiens_result_release(&result));
    OK(sapiens_stream_destroy(&stream));
}

int main(int count, char **arguments) {
    SapiensContextOptions options = SAPIENS_CONTEXT_OPTIONS_INIT;
    SapiensContext *context = NULL;
    CHECK(count == 4);
    use_all();
    OK(sapiens_context_create(&options, &context));
    the_demo_tells_about_itself(context);
    loads_are_stopped_and_refused(context, arguments[1]);
    OK(sapiens_context_destroy(&context));
    options.low_memory = 1;
    OK(sapiens_context_create(&options, &context));
    a_file_that_changes_is_noticed(context, arguments[2], arguments[3]);
    OK(sapiens_context_destroy(&context));
    puts("ok");
    return 0;
}
