/* Eight threads call everything on one context at once; afterwards the books balance. */
#include "check.h"

#include <pthread.h>

enum { THREADS = 8, STREAMS = 4, STEPS = 400 };

static SapiensContext *context;
static SapiensStream *streams[STREAMS];
static uint64_t events, releases, borrowed;

static void on_result(void *user_data, SapiensStream *stream, SapiensResult *result) {
    SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
    (void)user_data, (void)stream;
    OK(sapiens_result_info(result, &info));
    __atomic_add_fetch(&events, 1, __ATOMIC_SEQ_CST);
}

static void on_release(void *user_data, uint64_t frame) {
    (void)user_data, (void)frame;
    __atomic_add_fetch(&releases, 1, __ATOMIC_SEQ_CST);
}

static uint32_t next(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static void read_result(SapiensResult *result) {
    SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
    SapiensMap map = SAPIENS_MAP_INIT;
    SapiensPose pose = SAPIENS_POSE_INIT;
    const char *json;
    OK(sapiens_result_info(result, &info));
    CHECK(info.status == SAPIENS_STATUS_OK || info.status == SAPIENS_STATUS_UNSUPPORTED);
    if (info.status == SAPIENS_STATUS_OK) {
        CHECK(sapiens_result_map(result, SAPIENS_SCENE, SAPIENS_MAP_KIND_NORMALS, &map) >= 0);
        CHECK(sapiens_result_pose(result, 0, &pose) >= 0);
    }
    OK(sapiens_result_json(result, &json, NULL));
    OK(sapiens_result_release(&result));
}

static void *hammer(void *argument) {
    uint32_t state = (uint32_t)(size_t)argument * 2654435761u + 1, step;
    SapiensImage image = picture();
    for (step = 0; step < STEPS; ++step) {
        SapiensStream *stream = streams[next(&state) % STREAMS];
        SapiensResult *result = NULL;
        SapiensStatus status;
        switch (next(&state) % 12) {
        case 0:
        case 1:
        case 2: {
            SapiensSubmitOptions options = SAPIENS_SUBMIT_OPTIONS_INIT;
            if (next(&state) % 2) {
                options.flags = SAPIENS_SUBMIT_FLAGS_BORROW;
                options.release = on_release;
            }
            status = sapiens_stream_submit(stream, &image, &options, next(&state) % 3, NULL);
            CHECK(status >= 0);
            if (status == SAPIENS_STATUS_OK && options.flags) {
                __atomic_add_fetch(&borrowed, 1, __ATOMIC_SEQ_CST);
            }
            break;
        }
        case 3:
        case 4:
            if (sapiens_stream_poll(stream, next(&state) % 3, &result) == SAPIENS_STATUS_OK) {
                read_result(result);
            }
            break;
        case 5: {
            SapiensTaskOptions options = SAPIENS_TASK_OPTIONS_INIT;
            options.every_n = next(&state) % 4;
            options.priority = (int32_t)(next(&state) % 5);
            OK(sapiens_stream_set_task(stream, SAPIENS_TASK_NORMAL, &options));
            break;
        }
        case 6:
            OK(sapiens_stream_cancel(stream, next(&state) % 2 ? SAPIENS_ALL_FRAMES : next(&state) % 100));
            break;
        case 7:
            CHECK(sapiens_stream_flush(stream, 1) >= 0);
            break;
        case 8:
            OK(sapiens_context_process_events(context));
            break;
        case 9: {
            SapiensStream *own = stream_for(context, SAPIENS_TASK_POSE, SAPIENS_POLICY_DROP_OLDEST, 2);
            OK(sapiens_stream_submit(own, &image, NULL, 0, NULL));
            OK(sapiens_stream_destroy(&own));
            break;
        }
        case 10: {
            SapiensModelInfo info = SAPIENS_MODEL_INFO_INIT;
            uint32_t count;
            OK(sapiens_context_model_count(context, &count));
            sapiens_context_model(context, 0, &info);
            break;
        }
        default:
            if (step % 20 == 0) {
                SapiensLoadOptions options = SAPIENS_LOAD_OPTIONS_INIT;
                uint32_t id;
                options.tasks = SAPIENS_TASK_NORMAL;
                if (sapiens_context_load(context, NULL, &options, &id) == SAPIENS_STATUS_OK) {
                    OK(sapiens_context_unload(context, id));
                }
            } else {
                SapiensStatistics statistics = SAPIENS_STATISTICS_INIT;
                OK(sapiens_stream_statistics(stream, &statistics));
            }
        }
    }
    return NULL;
}

int main(void) {
    pthread_t threads[THREADS];
    SapiensContextOptions options = SAPIENS_CONTEXT_OPTIONS_INIT;
    SapiensLoadOptions load = SAPIENS_LOAD_OPTIONS_INIT;
    size_t i;
    use_all();
    options.threads = 1;
    OK(sapiens_context_create(&options, &context));
    load.tasks = SAPIENS_TASK_POSE;
    OK(sapiens_context_load(context, NULL, &load, NULL));
    for (i = 0; i < STREAMS; ++i) {
        SapiensStreamOptions how = SAPIENS_STREAM_OPTIONS_INIT;
        how.policy = (int32_t)(i % 3);
        if (i == 3) {
            how.delivery = SAPIENS_DELIVERY_EVENTS;
            how.callback = on_result;
        }
        OK(sapiens_stream_create(context, &how, &streams[i]));
    }
    for (i = 0; i < THREADS; ++i) {
        CHECK(pthread_create(&threads[i], NULL, hammer, (void *)(i + 1)) == 0);
    }
    for (i = 0; i < THREADS; ++i) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
    for (i = 0; i < STREAMS; ++i) {
        SapiensStatistics s = SAPIENS_STATISTICS_INIT;
        SapiensResult *result = NULL;
        while (sapiens_stream_flush(streams[i], 0) == SAPIENS_STATUS_TIMEOUT) {
            if (sapiens_stream_poll(streams[i], 1, &result) == SAPIENS_STATUS_OK) {
                read_result(result);
            }
        }
        OK(sapiens_stream_statistics(streams[i], &s));
        CHECK(s.waiting == 0 && s.working == 0);
        CHECK(s.submitted == s.completed + s.failed + s.dropped_frames + s.cancelled);
    }
    OK(sapiens_context_destroy(&context));
    CHECK(borrowed > 0 && releases == borrowed);
    puts("ok");
    return 0;
}
