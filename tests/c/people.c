/* People: the detector of a context, ids, raw and steadied keypoints and maps, JSON, options that change, and what does not
   fit together.
   Argument: a photo of a person. */
#include "check.h"

static void a_detector_comes_and_goes(SapiensContext *context) {
    SapiensModelInfo info = SAPIENS_MODEL_INFO_INIT;
    SapiensLoadOptions options = SAPIENS_LOAD_OPTIONS_INIT;
    FAILS(SAPIENS_STATUS_ABSENT, sapiens_context_detector(context, &info), NULL);
    OK(sapiens_context_unload_detector(context));
    options.tasks = SAPIENS_TASK_POSE;
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_context_load_detector(context, NULL, &options), "a detector has none");
    options.tasks = 0;
    options.winograd_bytes = 1u << 20;
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_context_load_detector(context, NULL, &options), "winograd");
    FAILS(SAPIENS_STATUS_NOT_FOUND, sapiens_context_load_detector(context, "/nowhere.pth", NULL), "/nowhere.pth");
    OK(sapiens_context_load_detector(context, NULL, NULL));
    OK(sapiens_context_load_detector(context, NULL, NULL));
    OK(sapiens_context_detector(context, &info));
    CHECK(info.id == 0 && info.tasks == 0 && info.input_width > 0 && strcmp(info.name, "demo") == 0);
}

static SapiensStreamOptions all_on(void) {
    SapiensStreamOptions options = SAPIENS_STREAM_OPTIONS_INIT;
    options.tasks = SAPIENS_TASK_POSE;
    options.detect = 1;
    options.detect_every = 3;
    options.track = 1;
    options.filter = 1;
    return options;
}

static void somebody_is_followed(SapiensContext *context, const char *photo) {
    SapiensStreamOptions options = all_on();
    SapiensFilterOptions filter = SAPIENS_FILTER_OPTIONS_INIT;
    SapiensStatistics statistics = SAPIENS_STATISTICS_INIT;
    SapiensStream *stream = NULL;
    int i;
    filter.hold_ms = 100;
    options.filter_options = &filter;
    OK(sapiens_stream_create(context, &options, &stream));
    for (i = 0; i < 4; ++i) {
        SapiensResult *result = NULL;
        SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
        SapiensPerson person = SAPIENS_PERSON_INIT;
        SapiensPose raw = SAPIENS_POSE_INIT, calm = SAPIENS_POSE_INIT;
        OK(sapiens_stream_submit_file(stream, photo, NULL, SAPIENS_WAIT_FOREVER, NULL));
        OK(sapiens_stream_poll(stream, SAPIENS_WAIT_FOREVER, &result));
        OK(sapiens_result_info(result, &info));
        OK(info.status);
        CHECK(info.person_count == 1 && (i > 0 || info.detector_ran == 1));
        OK(sapiens_result_person(result, 0, &person));
        CHECK(person.id == 1 && person.state == SAPIENS_TRACK_STATE_CONFIRMED && person.age_frames == (uint32_t)i + 1);
        CHECK(person.origin == (info.detector_ran ? SAPIENS_BOX_ORIGIN_DETECTOR : SAPIENS_BOX_ORIGIN_KEYPOINTS));
        CHECK(person.score > 0.3f && person.box_index == -1 && person.is_chosen == 1 && person.missed_frames == 0);
        CHECK(person.sightings == (uint32_t)i + 1 && person.estimate.height > 0 && person.bbox.height > 0);
        OK(sapiens_result_pose(result, 0, &raw));
        OK(sapiens_result_filtered_pose(result, 0, &calm));
        CHECK(raw.count == calm.count && raw.keypoints != calm.keypoints && raw.timestamp_ns == calm.timestamp_ns);
        CHECK(raw.keypoints[0].score == calm.keypoints[0].score);
        {
            const char *json = NULL;
            OK(sapiens_result_json(result, &json, NULL));
            CHECK(strstr(json, "\"id\": 1,") != NULL && strstr(json, "\"state\": \"confirmed\"") != NULL);
            CHECK(strstr(json, "\"filtered\": [") != NULL && strstr(json, "\"detection_score\": ") != NULL);
            CHECK(strstr(json, info.detector_ran ? "\"origin\": \"detector\"" : "\"origin\": \"keypoints\"") != NULL);
            CHECK(strstr(json, info.detector_ran ? "\"detector_ran\": true" : "\"detector_ran\": false") != NULL);
        }
        OK(sapiens_result_release(&result));
    }
    OK(sapiens_stream_statistics(stream, &statistics));
    CHECK(statistics.detector_runs >= 1 && statistics.detector_runs < 4 && statistics.tracks == 1);
    CHECK(statistics.detect_ms > 0);
    OK(sapiens_stream_destroy(&stream));
}

static SapiensResult *look(SapiensStream *stream, const char *photo, SapiensResultInfo *info) {
    SapiensResult *result = NULL;
    OK(sapiens_stream_submit_file(stream, photo, NULL, SAPIENS_WAIT_FOREVER, NULL));
    OK(sapiens_stream_poll(stream, SAPIENS_WAIT_FOREVER, &result));
    OK(sapiens_result_info(result, info));
    OK(info->status);
    return result;
}

static void maps_are_steadied(SapiensContext *context, const char *photo) {
    SapiensStreamOptions options = all_on();
    SapiensMapFilterOptions filter = SAPIENS_MAP_FILTER_OPTIONS_INIT;
    SapiensStream *stream = NULL;
    int i;
    options.tasks |= SAPIENS_TASK_NORMAL | SAPIENS_TASK_POINTMAP;
    options.framing = SAPIENS_FRAMING_CROP;
    options.detect_every = 1; /* the same crop again: the small model is not the same body in another */
    options.filter_maps = SAPIENS_TASK_POINTMAP;
    options.batch_memory = 1;
    filter.points_time_s = 0.2f;
    options.map_filter_options = &filter;
    OK(sapiens_stream_create(context, &options, &stream));
    for (i = 0; i < 3; ++i) {
        SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
        SapiensResult *result = look(stream, photo, &info);
        SapiensMap raw = SAPIENS_MAP_INIT, calm = SAPIENS_MAP_INIT;
        SapiensPointsCheck check = SAPIENS_POINTS_CHECK_INIT;
        const char *json = NULL;
        CHECK(info.person_count == 1);
        OK(sapiens_result_map(result, 0, SAPIENS_MAP_KIND_POINTS, &raw));
        OK(sapiens_result_filtered_map(result, 0, SAPIENS_MAP_KIND_POINTS, &calm));
        CHECK(raw.data != calm.data && raw.width == calm.width && raw.height == calm.height && raw.channels == 3);
        CHECK(raw.timestamp_ns == calm.timestamp_ns && raw.image_from_map[2] == calm.image_from_map[2]);
        OK(sapiens_result_points_check(result, 0, &check));
        CHECK(check.agreement == (i == 0 ? SAPIENS_AGREEMENT_FIRST : SAPIENS_AGREEMENT_AGREES) && check.is_valid == 1);
        CHECK(check.factor > 0.9f && check.factor < 1.1f && (i == 0 || check.compared > 50) && check.age_frames == 0);
        OK(sapiens_result_json(result, &json, NULL));
        CHECK(strstr(json, i == 0 ? "\"agreement\": \"first\"" : "\"agreement\": \"agrees\"") != NULL);
        OK(sapiens_result_map(result, 0, SAPIENS_MAP_KIND_NORMALS, &raw));
        FAILS(SAPIENS_STATUS_ABSENT, sapiens_result_filtered_map(result, 0, SAPIENS_MAP_KIND_NORMALS, &calm), NULL);
        FAILS(SAPIENS_STATUS_ABSENT, sapiens_result_filtered_map(result, SAPIENS_SCENE, SAPIENS_MAP_KIND_POINTS, &calm), NULL);
        FAILS(SAPIENS_STATUS_ABSENT, sapiens_result_points_check(result, SAPIENS_SCENE, &check), NULL);
        FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_result_filtered_map(result, 0, 99, &calm), "kind is 99");
        OK(sapiens_result_release(&result));
    }
    OK(sapiens_stream_destroy(&stream));
}

static void options_change_at_work(SapiensContext *context, const char *photo) {
    SapiensStreamOptions options = SAPIENS_STREAM_OPTIONS_INIT, people = all_on();
    SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
    SapiensPerson person = SAPIENS_PERSON_INIT;
    SapiensStream *stream = NULL;
    SapiensResult *result = NULL;
    options.tasks = SAPIENS_TASK_POSE;
    OK(sapiens_stream_create(context, &options, &stream));
    result = look(stream, photo, &info);
    OK(sapiens_result_person(result, 0, &person));
    CHECK(person.id == 0 && person.origin == SAPIENS_BOX_ORIGIN_IMAGE);
    OK(sapiens_result_release(&result));
    people.detect_every = 100;
    OK(sapiens_stream_set_people(stream, &people));
    result = look(stream, photo, &info);
    OK(sapiens_result_person(result, 0, &person));
    CHECK(person.id == 1 && info.detector_ran == 1);
    OK(sapiens_result_release(&result));
    OK(sapiens_stream_expect_entry(stream));
    result = look(stream, photo, &info);
    CHECK(info.detector_ran == 1);
    OK(sapiens_result_release(&result));
    people.max_people = 5000;
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_stream_set_people(stream, &people), "max_people 5000");
    OK(sapiens_stream_set_people(stream, NULL));
    result = look(stream, photo, &info);
    OK(sapiens_result_person(result, 0, &person));
    CHECK(person.id == 0 && person.origin == SAPIENS_BOX_ORIGIN_IMAGE);
    OK(sapiens_result_release(&result));
    OK(sapiens_stream_destroy(&stream));
}

static void what_is_missing_is_said(SapiensContext *context) {
    SapiensStreamOptions options = all_on();
    SapiensStream *stream = NULL;
    SapiensResult *result = NULL;
    SapiensPose pose = SAPIENS_POSE_INIT;
    SapiensImage image = picture();
    SapiensSubmitOptions submit = SAPIENS_SUBMIT_OPTIONS_INIT;
    SapiensBox box = {10, 10, 60, 100};
    SapiensPerson person = SAPIENS_PERSON_INIT;
    OK(sapiens_context_unload_detector(context));
    OK(sapiens_stream_create(context, &options, &stream));
    result = run_one(stream, &image, NULL);
    FAILS(SAPIENS_STATUS_UNSUPPORTED, sapiens_result_person(result, 0, &person), "no detector is loaded");
    OK(sapiens_result_release(&result));
    submit.boxes = &box;
    submit.box_count = 1;
    result = run_one(stream, &image, &submit);
    OK(sapiens_result_person(result, 0, &person));
    CHECK(person.id == 1 && person.box_index == 0 && person.origin == SAPIENS_BOX_ORIGIN_HOST && person.score == 1.0f);
    OK(sapiens_result_release(&result));
    OK(sapiens_stream_destroy(&stream));

    options.detect = options.detect_every = options.filter = 0;
    OK(sapiens_stream_create(context, &options, &stream));
    result = run_one(stream, &image, NULL);
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_result_pose(result, 0, &pose), "turn detection on");
    OK(sapiens_result_release(&result));
    result = run_one(stream, &image, &submit);
    FAILS(SAPIENS_STATUS_ABSENT, sapiens_result_filtered_pose(result, 0, &pose), NULL);
    OK(sapiens_result_release(&result));
    OK(sapiens_stream_destroy(&stream));
}

int main(int argc, char **argv) {
    SapiensContext *context = context_with_demo();
    use_all();
    CHECK(argc == 2);
    a_detector_comes_and_goes(context);
    somebody_is_followed(context, argv[1]);
    maps_are_steadied(context, argv[1]);
    options_change_at_work(context, argv[1]);
    what_is_missing_is_said(context);
    OK(sapiens_context_destroy(&context));
    puts("ok");
    return 0;
}
