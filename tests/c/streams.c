/* Streams: room and time, what is dropped, callbacks and what they may call, borrowed pixels, cancelling, endings. */
#include "check.h"

static SapiensContext *context;

static int releases;
static uint64_t released_sum;

static void on_release(void *user_data, uint64_t frame) {
    CHECK(user_data == &releases);
    CHECK(frame != 0);
    released_sum += frame;
    __atomic_add_fetch(&releases, 1, __ATOMIC_SEQ_CST);
}

static SapiensSubmitOptions borrowing(void) {
    SapiensSubmitOptions options = SAPIENS_SUBMIT_OPTIONS_INIT;
    options.flags = SAPIENS_SUBMIT_FLAGS_BORROW;
    options.release = on_release;
    options.user_data = &releases;
    return options;
}

static void check_sum(SapiensStream *stream) {
    SapiensStatistics s = SAPIENS_STATISTICS_INIT;
    OK(sapiens_stream_statistics(stream, &s));
    CHECK(s.submitted == s.completed + s.failed + s.dropped_frames + s.cancelled + s.waiting + s.working);
}

static void options_are_checked(void) {
    SapiensStream *stream = NULL;
    SapiensStreamOptions options;
#define BAD(change, says)                                                                                    \
    options = (SapiensStreamOptions)SAPIENS_STREAM_OPTIONS_INIT, change,                                      \
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_stream_create(context, &options, &stream), says)
    BAD(options.depth = 0, "options->depth is 0");
    BAD(options.depth = 65, "options->depth is 65");
    BAD(options.policy = 3, "options->policy is 3");
    BAD(options.delivery = 3, "options->delivery is 3");
    BAD(options.delivery = SAPIENS_DELIVERY_EVENTS, "options->callback is NULL");
    BAD(options.map_space = -7, "options->map_space is -7");
    BAD(options.framing = 2, "options->framing is 2");
    BAD(options.regions = 3, "options->regions is 3");
    BAD(options.overlap = 3, "options->overlap is 3");
    BAD(options.tasks = 0x1000, "options->tasks has unknown bits");
    BAD(options.keep_image = 5, "options->keep_image is 5");
    BAD(options.budget_ns = -1, "options->budget_ns is -1");
    BAD(options.detect_threshold = 0.5f, "options->detect_threshold is set, which needs options->detect");
    BAD((options.detect = 1, options.detect_every = 2), "needs options->track");
    BAD((options.track = 1, options.person_policy = 7, options.person_count = 1), "options->person_policy is 7");
    BAD(options.filter = 1, "options->filter is set, which needs options->track");
    CHECK(stream == NULL);
}

static void room_is_waited_for(void) {
    SapiensStream *stream = stream_for(context, SAPIENS_TASK_POSE, SAPIENS_POLICY_BLOCK, 1);
    SapiensImage image = picture();
    SapiensResult *result = NULL;
    uint64_t frame = 0;
    int taken = 0, refused = 0, i;
    SapiensSubmitOptions options = borrowing();

    FAILS(SAPIENS_STATUS_TIMEOUT, sapiens_stream_poll(stream, 0, &result), NULL);
    FAILS(SAPIENS_STATUS_TIMEOUT, sapiens_stream_poll(stream, 5, &result), NULL);
    CHECK(result == NULL);
    releases = 0;
    /* One is worked on, one waits, one result is kept: of many some are refused. */
    for (i = 0; i < 50; ++i) {
        SapiensStatus status = sapiens_stream_submit(stream, &image, &options, 0, &frame);
        CHECK(status == SAPIENS_STATUS_OK || status == SAPIENS_STATUS_TIMEOUT);
        taken += status == SAPIENS_STATUS_OK;
        refused += status == SAPIENS_STATUS_TIMEOUT;
    }
    CHECK(taken >= 1 && taken <= 4 && refused > 0 && frame == (uint64_t)taken);
    for (i = 1; i <= taken; ++i) {
        SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
        OK(sapiens_stream_poll(stream, SAPIENS_WAIT_FOREVER, &result));
        OK(sapiens_result_info(result, &info));
        CHECK(info.frame == (uint64_t)i && info.dropped_before == 0);
        OK(sapiens_result_release(&result));
    }
    OK(sapiens_stream_flush(stream, SAPIENS_WAIT_FOREVER));
    CHECK(__atomic_load_n(&releases, __ATOMIC_SEQ_CST) == taken);
    check_sum(stream);
    OK(sapiens_stream_destroy(&stream));
}

static void the_latest_wins(void) {
    SapiensStream *stream = stream_for(context, SAPIENS_TASK_POSE, SAPIENS_POLICY_LATEST_ONLY, 1);
    SapiensImage image = picture();
    SapiensResult *result = NULL;
    SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
    SapiensStatistics statistics = SAPIENS_STATISTICS_INIT;
    SapiensSubmitOptions options = borrowing();
    int i;
    releases = 0;
    released_sum = 0;
    for (i = 0; i < 30; ++i) {
        image.timestamp_ns = i;
        OK(sapiens_stream_submit(stream, &image, &options, 0, NULL));
    }
    OK(sapiens_stream_flush(stream, SAPIENS_WAIT_FOREVER));
    OK(sapiens_stream_poll(stream, 0, &result));
    OK(sapiens_result_info(result, &info));
    CHECK(info.frame == 30 && info.timestamp_ns == 29);
    FAILS(SAPIENS_STATUS_TIMEOUT, sapiens_stream_poll(stream, 0, &result), NULL);
    OK(sapiens_stream_statistics(stream, &statistics));
    CHECK(statistics.submitted == 30 && statistics.dropped_frames > 20 && statistics.finished == 0);
    CHECK(releases == 30 && released_sum == 30 * 31 / 2);
    check_sum(stream);
    OK(sapiens_result_release(&result));
    OK(sapiens_stream_destroy(&stream));
}

static void borrowed_pixels_come_back(void) {
    SapiensStream *stream = stream_for(context, SAPIENS_TASK_POSE, SAPIENS_POLICY_BLOCK, 8);
    SapiensImage image = picture();
    SapiensSubmitOptions options = borrowing();
    uint64_t frame;
    int i;
    releases = 0;
    for (i = 0; i < 8; ++i) {
        OK(sapiens_stream_submit(stream, &image, &options, 0, &frame));
    }
    OK(sapiens_stream_cancel(stream, frame));
    OK(sapiens_stream_cancel(stream, 999));
    CHECK(__atomic_load_n(&releases, __ATOMIC_SEQ_CST) >= 1);
    OK(sapiens_stream_cancel(stream, SAPIENS_ALL_FRAMES));
    CHECK(__atomic_load_n(&releases, __ATOMIC_SEQ_CST) >= 7);
    image.row_stride = 1;
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_stream_submit(stream, &image, &options, 0, NULL), "row_stride");
    OK(sapiens_stream_destroy(&stream));
    CHECK(releases == 8);
    /* And without anybody to tell. */
    stream = stream_for(context, SAPIENS_TASK_POSE, SAPIENS_POLICY_BLOCK, 1);
    options.release = NULL;
    image = picture();
    OK(sapiens_stream_submit(stream, &image, &options, 0, NULL));
    OK(sapiens_stream_destroy(&stream));
}

struct scene {
    SapiensStream *stream;
    SapiensResult *kept;
    int calls;
    int destroys_at;
};

static void on_event(void *user_data, SapiensStream *stream, SapiensResult *result) {
    struct scene *scene = user_data;
    SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
    SapiensStatistics statistics = SAPIENS_STATISTICS_INIT;
    ++scene->calls;
    CHECK(stream == scene->stream);
    OK(sapiens_result_info(result, &info));
    CHECK(info.frame == (uint64_t)scene->calls);
    /* The game thread may call anything but this. */
    FAILS(SAPIENS_STATUS_WRONG_THREAD, sapiens_context_process_events(context), "process_events");
    OK(sapiens_stream_statistics(stream, &statistics));
    if (scene->kept == NULL) {
        OK(sapiens_result_retain(result));
        scene->kept = result;
    }
    if (scene->calls == scene->destroys_at) {
        OK(sapiens_stream_destroy(&scene->stream));
    }
}

static void events_come_when_asked_for(void) {
    struct scene scene = { NULL, NULL, 0, 3 };
    SapiensStreamOptions options = SAPIENS_STREAM_OPTIONS_INIT;
    SapiensImage image = picture();
    SapiensPose pose = SAPIENS_POSE_INIT;
    int i;
    options.delivery = SAPIENS_DELIVERY_EVENTS;
    options.callback = on_event;
    options.user_data = &scene;
    options.tasks = SAPIENS_TASK_POSE;
    options.depth = 8;
    OK(sapiens_stream_create(context, &options, &scene.stream));
    for (i = 0; i < 5; ++i) {
        OK(sapiens_stream_submit(scene.stream, &image, NULL, SAPIENS_WAIT_FOREVER, NULL));
    }
    OK(sapiens_stream_flush(scene.stream, SAPIENS_WAIT_FOREVER));
    CHECK(scene.calls == 0);
    OK(sapiens_context_process_events(context));
    CHECK(scene.calls == 3 && scene.stream == NULL);
    OK(sapiens_context_process_events(context));
    CHECK(scene.calls == 3);
    OK(sapiens_result_pose(scene.kept, 0, &pose));
    CHECK(pose.count > 0);
    OK(sapiens_result_release(&scene.kept));
}

static void on_result_at_once(void *user_data, SapiensStream *stream, SapiensResult *result) {
    struct scene *scene = user_data;
    SapiensResult *other = NULL;
    SapiensStream *copy = stream;
    SapiensContext *whole = context;
    SapiensImage image = picture();
    FAILS(SAPIENS_STATUS_WRONG_THREAD, sapiens_stream_destroy(&copy), "immediate callback");
    FAILS(SAPIENS_STATUS_WRONG_THREAD, sapiens_context_destroy(&whole), "immediate callback");
    FAILS(SAPIENS_STATUS_WRONG_THREAD, sapiens_shutdown_all(), "immediate callback");
    FAILS(SAPIENS_STATUS_WRONG_THREAD, sapiens_stream_flush(stream, 10), "immediate callback");
    FAILS(SAPIENS_STATUS_WRONG_THREAD, sapiens_stream_poll(stream, 10, &other), "immediate callback");
    FAILS(SAPIENS_STATUS_WRONG_THREAD, sapiens_stream_submit(stream, &image, NULL, 10, NULL), "immediate callback");
    CHECK(copy == stream && whole == context && other == NULL);
    OK(sapiens_result_retain(result));
    OK(sapiens_result_release(&result));
    __atomic_add_fetch(&scene->calls, 1, __ATOMIC_SEQ_CST);
}

static void immediate_results_come_by_themselves(void) {
    struct scene scene = { NULL, NULL, 0, 0 };
    SapiensStreamOptions options = SAPIENS_STREAM_OPTIONS_INIT;
    SapiensImage image = picture();
    SapiensResult *result = NULL;
    int i;
    options.delivery = SAPIENS_DELIVERY_IMMEDIATE;
    options.callback = on_result_at_once;
    options.user_data = &scene;
    options.tasks = SAPIENS_TASK_POSE;
    OK(sapiens_stream_create(context, &options, &scene.stream));
    for (i = 0; i < 3; ++i) {
        OK(sapiens_stream_submit(scene.stream, &image, NULL, SAPIENS_WAIT_FOREVER, NULL));
    }
    OK(sapiens_stream_flush(scene.stream, SAPIENS_WAIT_FOREVER));
    CHECK(__atomic_load_n(&scene.calls, __ATOMIC_SEQ_CST) == 3);
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_stream_poll(scene.stream, 0, &result), "callback");
    OK(sapiens_stream_destroy(&scene.stream));
}

static void several_streams_share_a_model(void) {
    SapiensStream *streams[3];
    SapiensImage image = picture();
    int i, n;
    for (i = 0; i < 3; ++i) {
        streams[i] = stream_for(context, SAPIENS_TASK_POSE, SAPIENS_POLICY_BLOCK, 4);
    }
    for (n = 0; n < 4; ++n) {
        for (i = 0; i < 3; ++i) {
            OK(sapiens_stream_submit(streams[i], &image, NULL, SAPIENS_WAIT_FOREVER, NULL));
        }
    }
    for (i = 0; i < 3; ++i) {
        for (n = 0; n < 4; ++n) {
            SapiensResult *result = NULL;
            OK(sapiens_stream_poll(streams[i], SAPIENS_WAIT_FOREVER, &result));
            OK(sapiens_result_release(&result));
        }
        check_sum(streams[i]);
        OK(sapiens_stream_destroy(&streams[i]));
    }
}

int main(void) {
    use_all();
    context = context_with_demo();
    options_are_checked();
    room_is_waited_for();
    the_latest_wins();
    borrowed_pixels_come_back();
    events_come_when_asked_for();
    immediate_results_come_by_themselves();
    several_streams_share_a_model();
    OK(sapiens_context_destroy(&context));
    puts("ok");
    return 0;
}
