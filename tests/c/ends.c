/* sapiens_shutdown_all in the middle of work, from another thread, again and again. */
#include "check.h"

#include <pthread.h>

static SapiensContext *context;
static int releases, taken;

static void on_release(void *user_data, uint64_t frame) {
    (void)user_data, (void)frame;
    __atomic_add_fetch(&releases, 1, __ATOMIC_SEQ_CST);
}

static int is_end(SapiensStatus status) {
    return status == SAPIENS_STATUS_SHUT_DOWN || status == SAPIENS_STATUS_INVALID_HANDLE;
}

static void *submit_until_the_end(void *argument) {
    SapiensStream *stream = argument;
    SapiensImage image = picture();
    SapiensSubmitOptions options = SAPIENS_SUBMIT_OPTIONS_INIT;
    options.flags = SAPIENS_SUBMIT_FLAGS_BORROW;
    options.release = on_release;
    for (;;) {
        SapiensStatus status = sapiens_stream_submit(stream, &image, &options, SAPIENS_WAIT_FOREVER, NULL);
        if (status != SAPIENS_STATUS_OK) {
            CHECK(is_end(status));
            return NULL;
        }
        __atomic_add_fetch(&taken, 1, __ATOMIC_SEQ_CST);
    }
}

static void *poll_until_the_end(void *argument) {
    SapiensStream *stream = argument;
    for (;;) {
        SapiensResult *result = NULL;
        SapiensStatus status = sapiens_stream_poll(stream, SAPIENS_WAIT_FOREVER, &result);
        if (status != SAPIENS_STATUS_OK) {
            CHECK(is_end(status) && result == NULL);
            return NULL;
        }
        OK(sapiens_result_release(&result));
    }
}

static void *load_until_the_end(void *argument) {
    (void)argument;
    for (;;) {
        SapiensLoadOptions options = SAPIENS_LOAD_OPTIONS_INIT;
        SapiensStatus status;
        uint32_t id = 0;
        options.tasks = SAPIENS_TASK_ALBEDO;
        status = sapiens_context_load(context, NULL, &options, &id);
        if (status == SAPIENS_STATUS_OK) {
            status = sapiens_context_unload(context, id);
        }
        if (status != SAPIENS_STATUS_OK) {
            CHECK(is_end(status) || status == SAPIENS_STATUS_CANCELLED);
            return NULL;
        }
    }
}

int main(void) {
    int round, i;
    use_all();
    for (round = 0; round < 5; ++round) {
        pthread_t threads[5];
        SapiensStream *streams[2];
        SapiensLoadOptions options = SAPIENS_LOAD_OPTIONS_INIT;
        SapiensStatistics statistics = SAPIENS_STATISTICS_INIT;
        SapiensImage image = picture();
        releases = taken = 0;
        OK(sapiens_context_create(NULL, &context));
        options.tasks = SAPIENS_TASK_POSE;
        OK(sapiens_context_load(context, NULL, &options, NULL));
        for (i = 0; i < 2; ++i) {
            streams[i] = stream_for(context, SAPIENS_TASK_POSE, i ? SAPIENS_POLICY_DROP_OLDEST : SAPIENS_POLICY_BLOCK, 2);
            CHECK(pthread_create(&threads[2 * i], NULL, submit_until_the_end, streams[i]) == 0);
            CHECK(pthread_create(&threads[2 * i + 1], NULL, poll_until_the_end, streams[i]) == 0);
        }
        CHECK(pthread_create(&threads[4], NULL, load_until_the_end, NULL) == 0);
        do {
            OK(sapiens_stream_statistics(streams[0], &statistics));
        } while (statistics.completed < 3);
        OK(sapiens_shutdown_all());
        OK(sapiens_shutdown_all());
        for (i = 0; i < 5; ++i) {
            CHECK(pthread_join(threads[i], NULL) == 0);
        }
        CHECK(releases == taken);
        FAILS(SAPIENS_STATUS_SHUT_DOWN, sapiens_stream_submit(streams[0], &image, NULL, 0, NULL), "sapiens_shutdown_all");
        FAILS(SAPIENS_STATUS_SHUT_DOWN, sapiens_context_process_events(context), "create a new one");
        OK(sapiens_stream_destroy(&streams[0]));
        OK(sapiens_stream_destroy(&streams[1]));
        OK(sapiens_context_destroy(&context));
        CHECK(context == NULL);
    }
    puts("ok");
    return 0;
}
