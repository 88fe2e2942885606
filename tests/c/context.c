/* Contexts: made, refused, ended, made again. */
#include "check.h"

static int lines;

static void on_log(void *user_data, int32_t level, const char *message) {
    CHECK(user_data == &lines);
    CHECK(level >= SAPIENS_LOG_LEVEL_ERROR && level <= SAPIENS_LOG_LEVEL_DEBUG);
    CHECK(strlen(message) > 0 && strchr(message, '\n') == NULL);
    ++lines;
}

static void options_are_checked(void) {
    SapiensContext *context = NULL;
    SapiensContextOptions options = SAPIENS_CONTEXT_OPTIONS_INIT;

    options.struct_size = 8;
    FAILS(SAPIENS_STATUS_ABI_MISMATCH, sapiens_context_create(&options, &context), "options->struct_size is 8");
    options.struct_size = 0;
    FAILS(SAPIENS_STATUS_ABI_MISMATCH, sapiens_context_create(&options, &context), "SapiensContextOptions");
    options.struct_size = sizeof options;
    options.abi_version = 999;
    FAILS(SAPIENS_STATUS_ABI_MISMATCH, sapiens_context_create(&options, &context), "abi_version is 999");
    options.abi_version = SAPIENS_ABI_VERSION;
    options.devices = "cpu,abacus";
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_context_create(&options, &context), "abacus");
    options.devices = "\xff";
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_context_create(&options, &context), "UTF-8");
    options.devices = NULL;
    options.low_memory = 2;
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_context_create(&options, &context), "low_memory is 2");
    options.low_memory = 0;
    options.log_level = 17;
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_context_create(&options, &context), "log_level is 17");
    options.log_level = 0;
    options.log_delivery = -1;
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_context_create(&options, &context), "log_delivery is -1");
    options.log_delivery = 0;
    options.onnxruntime_path = "/nowhere/libonnxruntime.so";
    FAILS(SAPIENS_STATUS_LIBRARY, sapiens_context_create(&options, &context), "/nowhere/libonnxruntime.so");
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_context_create(NULL, NULL), "context is NULL");
    CHECK(context == NULL);
}

/* A program compiled with a newer header: longer structs, whose new fields are zero or not. */
static void structs_of_newer_headers_work(void) {
    struct {
        SapiensContextOptions options;
        uint64_t new_field;
    } newer = { SAPIENS_CONTEXT_OPTIONS_INIT, 0 };
    SapiensContext *context = NULL;
    newer.options.struct_size = sizeof newer;
    OK(sapiens_context_create(&newer.options, &context));
    OK(sapiens_context_destroy(&context));
    newer.new_field = 1;
    FAILS(SAPIENS_STATUS_ABI_MISMATCH, sapiens_context_create(&newer.options, &context), "update it");
}

static void handles_end_once(void) {
    SapiensContext *context = NULL, *copy;
    SapiensStream *stream = NULL;
    uint32_t count = 7;
    int on_the_stack = 1;

    OK(sapiens_context_create(NULL, &context));
    copy = context;
    OK(sapiens_stream_create(context, NULL, &stream));
    OK(sapiens_context_model_count(context, &count));
    CHECK(count == 0);
    FAILS(SAPIENS_STATUS_INVALID_HANDLE, sapiens_context_model_count((SapiensContext *)stream, &count), "no context");
    FAILS(SAPIENS_STATUS_INVALID_HANDLE, sapiens_context_cancel_loads((SapiensContext *)&on_the_stack), "no context");
    OK(sapiens_context_destroy(&context));
    CHECK(context == NULL);
    OK(sapiens_context_destroy(&context));
    FAILS(SAPIENS_STATUS_INVALID_HANDLE, sapiens_context_destroy(&copy), "does not exist any more");
    CHECK(copy != NULL);
    FAILS(SAPIENS_STATUS_INVALID_HANDLE, sapiens_context_model_count(copy, &count), "does not exist any more");
    FAILS(SAPIENS_STATUS_SHUT_DOWN, sapiens_stream_flush(stream, 0), "ended");
    OK(sapiens_stream_destroy(&stream));
    CHECK(stream == NULL);
}

static void many_come_and_go(void) {
    int i;
    for (i = 0; i < 300; ++i) {
        SapiensContext *context = NULL;
        SapiensStream *stream = NULL;
        OK(sapiens_context_create(NULL, &context));
        OK(sapiens_stream_create(context, NULL, &stream));
        if (i % 3 == 0) {
            SapiensImage image = picture();
            OK(sapiens_stream_submit(stream, &image, NULL, 0, NULL));
        }
        if (i % 2 == 0) {
            OK(sapiens_stream_destroy(&stream));
        }
        OK(sapiens_context_destroy(&context));
    }
}

static void logs_and_runtime(void) {
    SapiensContext *context = NULL;
    SapiensContextOptions options = SAPIENS_CONTEXT_OPTIONS_INIT;
    SapiensRuntimeInfo runtime = SAPIENS_RUNTIME_INFO_INIT;
    options.log_callback = on_log;
    options.log_level = SAPIENS_LOG_LEVEL_DEBUG;
    options.user_data = &lines;
    OK(sapiens_context_create(&options, &context));
    OK(sapiens_context_runtime(context, &runtime));
    CHECK(strlen(runtime.path) > 0 && runtime.version[0] == '1' && strstr(runtime.providers, "CPUExecutionProvider"));
    OK(sapiens_context_try_device(context, "cpu"));
    FAILS(SAPIENS_STATUS_DEVICE, sapiens_context_try_device(context, "cuda:0"), NULL);
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_context_try_device(context, "gpu"), "cuda:N");
    OK(sapiens_context_load(context, NULL, NULL, NULL));
    CHECK(lines == 0);
    OK(sapiens_context_process_events(context));
    CHECK(lines >= 1);
    OK(sapiens_context_destroy(&context));
}

int main(void) {
    SapiensContext *context = NULL;
    use_all();
    CHECK(sapiens_abi_version() == SAPIENS_ABI_VERSION);
    CHECK(sapiens_version() == (SAPIENS_VERSION_MAJOR << 22 | SAPIENS_VERSION_MINOR << 12 | SAPIENS_VERSION_PATCH));
    CHECK(strstr(sapiens_build_info(), "libsapiens") != NULL && strstr(sapiens_build_info(), "git ") != NULL);
    CHECK(strcmp(sapiens_status_name(12345), "unknown status") == 0);
    CHECK(strcmp(sapiens_task_name(SAPIENS_TASK_NORMAL), "normal") == 0 && strcmp(sapiens_task_name(3), "unknown task") == 0);
    options_are_checked();
    structs_of_newer_headers_work();
    handles_end_once();
    many_come_and_go();
    logs_and_runtime();
    OK(sapiens_shutdown_all());
    OK(sapiens_shutdown_all());
    OK(sapiens_context_create(NULL, &context));
    OK(sapiens_context_destroy(&context));
    puts("ok");
    return 0;
}
