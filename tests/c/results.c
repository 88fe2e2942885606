/* Results: persons and boxes, maps as views, ages of what is carried over, references, files, names. */
#include "check.h"

#include <math.h>

static SapiensContext *context;

static void maps_are_views(int32_t space) {
    SapiensStreamOptions options = SAPIENS_STREAM_OPTIONS_INIT;
    SapiensStream *stream = NULL;
    SapiensImage image = picture();
    SapiensResult *result;
    SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
    SapiensMap map = SAPIENS_MAP_INIT;
    static const int channels[7] = { 1, 1, 3, 3, 3, 1, 3 };
    uint32_t classes = 0, x, y;
    int kind, background = 0, person = 0;

    options.map_space = space;
    options.keep_image = 1;
    OK(sapiens_stream_create(context, &options, &stream));
    image.timestamp_ns = 77;
    result = run_one(stream, &image, NULL);
    OK(sapiens_stream_destroy(&stream));
    OK(sapiens_result_info(result, &info));
    CHECK(info.status == SAPIENS_STATUS_OK && info.person_count == 1 && info.timing_count > 5 && info.total_ms > 0);
    CHECK(info.image_width == PICTURE_WIDTH && info.image_height == PICTURE_HEIGHT && strlen(info.message) == 0);
    OK(sapiens_class_count(&classes));
    for (kind = SAPIENS_MAP_KIND_LABELS; kind <= SAPIENS_MAP_KIND_FOREGROUND; ++kind) {
        double left, right;
        int bytes;
        OK(sapiens_result_map(result, SAPIENS_SCENE, kind, &map));
        CHECK(map.memory == SAPIENS_MEMORY_CPU && map.channels == (uint32_t)channels[kind] && map.data != NULL);
        CHECK(map.element == (kind == SAPIENS_MAP_KIND_LABELS ? SAPIENS_ELEMENT_U8 : SAPIENS_ELEMENT_F32));
        CHECK(map.age_frames == 0 && map.timestamp_ns == 77);
        bytes = map.element == SAPIENS_ELEMENT_U8 ? 1 : 4;
        CHECK(map.channel_stride == bytes && map.pixel_stride == bytes * channels[kind]);
        CHECK(map.row_stride >= map.pixel_stride * (int64_t)map.width);
        if (space == SAPIENS_MAP_SPACE_IMAGE) {
            CHECK(map.width == PICTURE_WIDTH && map.height == PICTURE_HEIGHT && map.image_from_map[0] == 1.0);
        }
        /* The map covers the image: half a map pixel beyond its borders is half a pixel beyond those of the image. */
        left = map.image_from_map[0] * -0.5 + map.image_from_map[2];
        right = map.image_from_map[0] * (map.width - 0.5) + map.image_from_map[2];
        CHECK(fabs(left + 0.5) < 1e-6 && fabs(right - (PICTURE_WIDTH - 0.5)) < 1e-6);
        CHECK(map.image_from_map[1] == 0 && map.image_from_map[3] == 0);
        for (y = 0; y < map.height; ++y) {
            for (x = 0; x < map.width; ++x) {
                const unsigned char *at = (const unsigned char *)map.data + (int64_t)y * map.row_stride + x * map.pixel_stride;
                if (kind == SAPIENS_MAP_KIND_LABELS) {
                    CHECK(*at < classes);
                    background += *at == 0;
                    person += *at != 0;
                } else if (kind == SAPIENS_MAP_KIND_NORMALS) {
                    float n[3];
                    memcpy(n, at, sizeof n);
                    CHECK(fabsf(n[0] * n[0] + n[1] * n[1] + n[2] * n[2] - 1.0f) < 1e-3f);
                } else if (kind == SAPIENS_MAP_KIND_CONFIDENCE || kind == SAPIENS_MAP_KIND_ALPHA) {
                    float value;
                    memcpy(&value, at, sizeof value);
                    CHECK(value >= 0.0f && value <= 1.0f);
                }
            }
        }
    }
    CHECK(background > 0 && background + person > 0);
    OK(sapiens_result_map(result, SAPIENS_SCENE, SAPIENS_MAP_KIND_IMAGE, &map));
    CHECK(map.width == PICTURE_WIDTH && map.channels == 3 && memcmp(map.data, picture_pixels, sizeof picture_pixels) == 0);
    FAILS(SAPIENS_STATUS_ABSENT, sapiens_result_map(result, SAPIENS_SCENE, SAPIENS_MAP_KIND_FEATURES, &map), NULL);
    FAILS(SAPIENS_STATUS_ABSENT, sapiens_result_map(result, 0, SAPIENS_MAP_KIND_NORMALS, &map), NULL);
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_result_map(result, 1, SAPIENS_MAP_KIND_NORMALS, &map), "person is 1");
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_result_map(result, -2, SAPIENS_MAP_KIND_NORMALS, &map), "person is -2");
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_result_map(result, 0, 11, &map), "kind is 11");
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_result_map(result, 0, SAPIENS_MAP_KIND_IMAGE, &map), "SAPIENS_SCENE");
    OK(sapiens_result_release(&result));
}

static void people_have_boxes_poses_and_maps_of_their_own(void) {
    SapiensStreamOptions options = SAPIENS_STREAM_OPTIONS_INIT;
    SapiensSubmitOptions submit = SAPIENS_SUBMIT_OPTIONS_INIT;
    SapiensBox boxes[2] = { { 8, 8, 40, 100 }, { 48, 10, 40, 110 } };
    SapiensStream *stream = NULL;
    SapiensImage image = picture();
    SapiensResult *result;
    SapiensPerson person = SAPIENS_PERSON_INIT;
    SapiensPose pose = SAPIENS_POSE_INIT;
    SapiensMap map = SAPIENS_MAP_INIT;
    uint32_t i;
    options.framing = SAPIENS_FRAMING_CROP;
    options.tasks = SAPIENS_TASK_POSE | SAPIENS_TASK_NORMAL;
    OK(sapiens_stream_create(context, &options, &stream));
    submit.boxes = boxes;
    submit.box_count = 2;
    result = run_one(stream, &image, &submit);
    for (i = 0; i < 2; ++i) {
        double center;
        OK(sapiens_result_person(result, i, &person));
        CHECK(person.tasks == options.tasks && memcmp(&person.bbox, &boxes[i], sizeof person.bbox) == 0);
        OK(sapiens_result_pose(result, i, &pose));
        CHECK(memcmp(&pose.bbox, &boxes[i], sizeof pose.bbox) == 0);
        OK(sapiens_result_map(result, (int32_t)i, SAPIENS_MAP_KIND_NORMALS, &map));
        /* The middle of the map is the middle of the box. */
        center = map.image_from_map[0] * (map.width - 1) / 2.0 + map.image_from_map[2];
        CHECK(fabs(center - (boxes[i].x + boxes[i].width / 2)) < 1.0);
    }
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_result_person(result, 2, &person), "person is 2");
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_result_pose(result, 2, &pose), "counted from 0");
    FAILS(SAPIENS_STATUS_ABSENT, sapiens_result_map(result, SAPIENS_SCENE, SAPIENS_MAP_KIND_NORMALS, &map), NULL);
    OK(sapiens_result_release(&result));
    OK(sapiens_stream_destroy(&stream));
}

static void maps_end_with_their_regions(void) {
    SapiensContextOptions alone = SAPIENS_CONTEXT_OPTIONS_INIT;
    SapiensStreamOptions options = SAPIENS_STREAM_OPTIONS_INIT;
    SapiensLoadOptions load = SAPIENS_LOAD_OPTIONS_INIT;
    SapiensSubmitOptions submit = SAPIENS_SUBMIT_OPTIONS_INIT;
    SapiensBox box = { 40, 50, 16, 16 };
    SapiensContext *own = NULL;
    SapiensStream *stream = NULL;
    SapiensImage image = picture();
    SapiensMap map = SAPIENS_MAP_INIT;
    SapiensResult *result;
    uint32_t x, y;
    OK(sapiens_context_create(&alone, &own));
    load.tasks = SAPIENS_TASK_NORMAL;
    load.regions = 1;
    OK(sapiens_context_load(own, NULL, &load, NULL));
    options.map_space = SAPIENS_MAP_SPACE_IMAGE;
    options.regions = SAPIENS_REGIONS_BOXES;
    OK(sapiens_stream_create(own, &options, &stream));
    submit.boxes = &box;
    submit.box_count = 1;
    result = run_one(stream, &image, &submit);
    OK(sapiens_result_map(result, 0, SAPIENS_MAP_KIND_NORMALS, &map));
    for (y = 0; y < map.height; ++y) {
        for (x = 0; x < map.width; ++x) {
            const unsigned char *at = (const unsigned char *)map.data + y * map.row_stride + x * map.pixel_stride;
            float n[3];
            memcpy(n, at, sizeof n);
            /* 1.25 times the box. */
            CHECK((n[0] != 0 || n[1] != 0 || n[2] != 0) == (x >= 38 && x < 58 && y >= 48 && y < 68));
        }
    }
    OK(sapiens_result_release(&result));
    OK(sapiens_context_destroy(&own));
}

static void what_does_not_run_is_carried_over(void) {
    SapiensStream *stream = stream_for(context, SAPIENS_TASK_POSE | SAPIENS_TASK_NORMAL, SAPIENS_POLICY_BLOCK, 2);
    SapiensTaskOptions task = SAPIENS_TASK_OPTIONS_INIT;
    SapiensSubmitOptions submit = SAPIENS_SUBMIT_OPTIONS_INIT;
    SapiensImage image = picture();
    SapiensMap map = SAPIENS_MAP_INIT;
    SapiensPose pose = SAPIENS_POSE_INIT;
    SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
    const void *data = NULL;
    uint32_t i;
    task.every_n = 3;
    OK(sapiens_stream_set_task(stream, SAPIENS_TASK_NORMAL, &task));
    FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_stream_set_task(stream, 6, &task), "one SapiensTask bit");
    for (i = 0; i < 5; ++i) {
        SapiensResult *result;
        image.timestamp_ns = 1000 + i;
        result = run_one(stream, &image, NULL);
        OK(sapiens_result_map(result, SAPIENS_SCENE, SAPIENS_MAP_KIND_NORMALS, &map));
        CHECK(map.age_frames == i % 3 && map.timestamp_ns == 1000 + i - i % 3);
        CHECK(i % 3 == 0 || map.data == data);
        data = map.data;
        OK(sapiens_result_info(result, &info));
        CHECK(info.tasks == (SAPIENS_TASK_POSE | (i % 3 == 0 ? SAPIENS_TASK_NORMAL : 0)));
        OK(sapiens_result_pose(result, 0, &pose));
        CHECK(pose.age_frames == 0);
        OK(sapiens_result_release(&result));
    }
    submit.flags = SAPIENS_SUBMIT_FLAGS_IGNORE_CADENCE;
    {
        SapiensResult *result = run_one(stream, &image, &submit);
        OK(sapiens_result_map(result, SAPIENS_SCENE, SAPIENS_MAP_KIND_NORMALS, &map));
        CHECK(map.age_frames == 0);
        OK(sapiens_result_release(&result));
    }
    OK(sapiens_stream_destroy(&stream));
}

static void references_count_and_results_outlive_everything(void) {
    SapiensStream *stream;
    SapiensImage image = picture();
    SapiensResult *result, *copy;
    SapiensPose pose = SAPIENS_POSE_INIT;
    SapiensResultInfo info = SAPIENS_RESULT_INFO_INIT;
    stream = stream_for(context, SAPIENS_TASK_POSE, SAPIENS_POLICY_BLOCK, 2);
    result = run_one(stream, &image, NULL);
    OK(sapiens_stream_destroy(&stream));
    OK(sapiens_context_destroy(&context));
    OK(sapiens_shutdown_all());
    copy = result;
    OK(sapiens_result_retain(result));
    OK(sapiens_result_release(&result));
    CHECK(result == NULL);
    OK(sapiens_result_release(&result));
    OK(sapiens_result_pose(copy, 0, &pose));
    CHECK(pose.keypoints[pose.count - 1].x == pose.keypoints[pose.count - 1].x);
    result = copy;
    OK(sapiens_result_release(&result));
    FAILS(SAPIENS_STATUS_INVALID_HANDLE, sapiens_result_release(&copy), "does not exist any more");
    FAILS(SAPIENS_STATUS_INVALID_HANDLE, sapiens_result_retain(copy), "does not exist any more");
    FAILS(SAPIENS_STATUS_INVALID_HANDLE, sapiens_result_info(copy, &info), "does not exist any more");
}

static long file_size(const char *path, const char *starts) {
    char begin[8] = { 0 };
    long size;
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL && fread(begin, 1, 4, file) == 4 && memcmp(begin, starts, strlen(starts)) == 0);
    CHECK(fseek(file, 0, SEEK_END) == 0);
    size = ftell(file);
    fclose(file);
    return size;
}

static void results_can_be_looked_at(void) {
    SapiensStream *stream = stream_for(context, 0, SAPIENS_POLICY_BLOCK, 2);
    SapiensImage image = picture();
    SapiensResult *result = run_one(stream, &image, NULL);
    SapiensKeypointInfo keypoint = SAPIENS_KEYPOINT_INFO_INIT;
    const char *json = NULL, *again = NULL;
    uint64_t length = 0;
    OK(sapiens_result_json(result, &json, &length));
    OK(sapiens_result_json(result, &again, NULL));
    OK(sapiens_keypoint(0, &keypoint));
    CHECK(json == again && strlen(json) == length && json[0] == '{' && strstr(json, keypoint.name) != NULL);
    OK(sapiens_result_write_json(result, "result.json"));
    CHECK(file_size("result.json", "{") == (long)length);
    OK(sapiens_result_write_skeleton_png(result, "skeleton.png"));
    CHECK(file_size("skeleton.png", "\x89PNG") > 100);
    OK(sapiens_result_write_map_png(result, SAPIENS_SCENE, SAPIENS_MAP_KIND_POINTS, "depth.png"));
    CHECK(file_size("depth.png", "\x89PNG") > 100);
    FAILS(SAPIENS_STATUS_ABSENT, sapiens_result_write_map_png(result, SAPIENS_SCENE, SAPIENS_MAP_KIND_IMAGE, "x.png"), NULL);
    FAILS(SAPIENS_STATUS_UNSUPPORTED, sapiens_result_write_map_png(result, -1, SAPIENS_MAP_KIND_TOKENS, "x.png"), "no picture");
    FAILS(SAPIENS_STATUS_NOT_FOUND, sapiens_result_write_json(result, "/nowhere/at/all/x.json"), "/nowhere");
    OK(sapiens_result_release(&result));
    OK(sapiens_stream_destroy(&stream));
}

static void names_and_links_are_listed(void) {
    uint32_t keypoints = 0, links = 0, classes = 0, i;
    OK(sapiens_keypoint_count(&keypoints));
    OK(sapiens_link_count(&links));
    OK(sapiens_class_count(&classes));
    CHECK(keypoints > 100 && links > 20 && classes > 10);
    for (i = 0; i < keypoints; ++i) {
        SapiensKeypointInfo info = SAPIENS_KEYPOINT_INFO_INIT, mirror = SAPIENS_KEYPOINT_INFO_INIT;
        OK(sapiens_keypoint(i, &info));
        CHECK(strlen(info.name) > 2 && info.flip < keypoints && info.group <= SAPIENS_KEYPOINT_GROUP_FACE && info.sigma > 0);
        OK(sapiens_keypoint(info.flip, &mirror));
        CHECK(mirror.flip == i);
    }
    for (i = 0; i < links; ++i) {
        SapiensLinkInfo info = SAPIENS_LINK_INFO_INIT;
        OK(sapiens_link(i, &info));
        CHECK(info.from < keypoints && info.to < keypoints && info.from != info.to);
    }
    for (i = 0; i < classes; ++i) {
        SapiensClassInfo info = SAPIENS_CLASS_INFO_INIT;
        OK(sapiens_class(i, &info));
        CHECK(strlen(info.name) > 2 && info.flip < classes);
    }
    {
        SapiensKeypointInfo info = SAPIENS_KEYPOINT_INFO_INIT, same = SAPIENS_KEYPOINT_INFO_INIT;
        FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_keypoint(keypoints, &info), "keypoints, from 0");
        OK(sapiens_keypoint(0, &info));
        OK(sapiens_set_keypoint(keypoints, 0, &same));
        CHECK(same.name == info.name);
    }
    {
        static const uint32_t sets[] = { 133, 17 };
        for (i = 0; i < 2; ++i) {
            SapiensKeypointInfo info = SAPIENS_KEYPOINT_INFO_INIT;
            SapiensLinkInfo link = SAPIENS_LINK_INFO_INIT;
            uint32_t index, count = 0, wrist = 0;
            OK(sapiens_set_link_count(sets[i], &count));
            CHECK(count > 0);
            OK(sapiens_set_link(sets[i], count - 1, &link));
            for (index = 0; index < sets[i]; ++index) OK(sapiens_set_keypoint(sets[i], index, &info));
            FAILS(SAPIENS_STATUS_INVALID_ARGUMENT, sapiens_set_keypoint(sets[i], sets[i], &info), "keypoints, from 0");
            OK(sapiens_keypoint_counterpart(sets[i], 9, keypoints, &wrist));
            OK(sapiens_keypoint(wrist, &info));
            CHECK(strcmp(info.name, "left_wrist") == 0);
        }
    }
    {
        SapiensClassInfo info = SAPIENS_CLASS_INFO_INIT;
        OK(sapiens_set_class(28, 2, &info));
        CHECK(strcmp(info.name, "Face_Neck") == 0);
        FAILS(SAPIENS_STATUS_ABSENT, sapiens_set_class(7, 0, &info), NULL);
    }
}

int main(void) {
    use_all();
    context = context_with_demo();
    names_and_links_are_listed();
    maps_are_views(SAPIENS_MAP_SPACE_MODEL);
    maps_are_views(SAPIENS_MAP_SPACE_IMAGE);
    people_have_boxes_poses_and_maps_of_their_own();
    maps_end_with_their_regions();
    what_does_not_run_is_carried_over();
    results_can_be_looked_at();
    references_count_and_results_outlive_everything();
    puts("ok");
    return 0;
}
