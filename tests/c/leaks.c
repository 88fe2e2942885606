/* One of everything, made and ended: what valgrind looks at. */
#include "check.h"

static int releases;

static void on_release(void *user_data, uint64_t frame) {
    (void)user_data, (void)frame;
    __atomic_add_fetch(&releases, 1, __ATOMIC_SEQ_CST);
}

static void on_result(void *user_data, SapiensStream *stream, SapiensResult *result) {
    (void)user_data, (void)stream, (void)result;
}

static void on_log(void *user_data, int32_t level, const char *message) {
    (void)user_data, (void)level, (void)message;
}

int main(void) {
    SapiensContextOptions options = SAPIENS_CONTEXT_OPTIONS_INIT;
    SapiensLoadOptions load = SAPIENS_LOAD_OPTIONS_INIT;
    SapiensStreamOptions how = SAPIENS_STREAM_OPTIONS_INIT;
    SapiensSubmitOptions submit = SAPIENS_SUBMIT_OPTIONS_INIT;
    SapiensModelInfo info = SAPIENS_MODEL_INFO_INIT;
    SapiensContext *context = NULL;
    SapiensStream *polled = NULL, *called = NULL;
    SapiensImage image = picture();
    SapiensResult *result, *left = NULL;
    SapiensPose pose = SAPIENS_POSE_INIT;
    const char *json;
    int i;
    use_all();
    options.threads = 1;
    options.log_callback = on_log;
    options.log_level = SAPIENS_LOG_LEVEL_DEBUG;
    OK(sapiens_context_create(&options, &context));
    CHECK(sapiens_context_load_memory(context, "noise", "noise", 5, NULL, NULL) < 0);
    load.tasks = SAPIENS_TASK_POSE;
    OK(sapiens_context_load(context, NULL, &load, NULL));
    OK(sapiens_context_model(context, 0, &info));
    how.policy = SAPIENS_POLICY_LATEST_ONLY;
    how.keep_image = 1;
    OK(sapiens_stream_create(context, &how, &polled));
    how.delivery = SAPIENS_DELIVERY_EVENTS;
    how.callback = on_result;
    OK(sapiens_stream_create(context, &how, &called));
    submit.flags = SAPIENS_SUBMIT_FLAGS_BORROW;
    submit.release = on_release;
    for (i = 0; i < 2; ++i) {
        OK(sapiens_stream_submit(polled, &image, &submit, 0, NULL));
        OK(sapiens_stream_submit(called, &image, NULL, 0, NULL));
    }
    OK(sapiens_stream_poll(polled, SAPIENS_WAIT_FOREVER, &result));
    OK(sapiens_result_pose(result, 0, &pose));
    OK(sapiens_result_json(result, &json, NULL));
    OK(sapiens_result_write_skeleton_png(result, "skeleton.png"));
    OK(sapiens_result_release(&result));
    OK(sapiens_context_process_events(context));
    (void)sapiens_stream_poll(polled, 0, &left);
    OK(sapiens_stream_submit(polled, &image, &submit, 0, NULL));
    OK(sapiens_stream_cancel(polled, SAPIENS_ALL_FRAMES));
    OK(sapiens_stream_submit(called, &image, NULL, 0, NULL));
    OK(sapiens_context_destroy(&context));
    OK(sapiens_result_release(&left));
    OK(sapiens_shutdown_all());
    CHECK(releases == 3);
    puts("ok");
    return 0;
}
