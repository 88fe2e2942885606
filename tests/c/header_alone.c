/* The header with nothing before it, twice, and a use of each kind of thing in it. */
#include "sapiens.h"
#include "sapiens.h"

SapiensStatus use(SapiensContext *context, SapiensStream *stream, SapiensResult *result);

SapiensStatus use(SapiensContext *context, SapiensStream *stream, SapiensResult *result) {
    SapiensContextOptions context_options = SAPIENS_CONTEXT_OPTIONS_INIT;
    SapiensLoadOptions load_options = SAPIENS_LOAD_OPTIONS_INIT;
    SapiensStreamOptions stream_options = SAPIENS_STREAM_OPTIONS_INIT;
    SapiensTaskOptions task_options = SAPIENS_TASK_OPTIONS_INIT;
    SapiensImage image = SAPIENS_IMAGE_INIT;
    SapiensSubmitOptions submit_options = SAPIENS_SUBMIT_OPTIONS_INIT;
    SapiensModelInfo model_info = SAPIENS_MODEL_INFO_INIT;
    SapiensRuntimeInfo runtime_info = SAPIENS_RUNTIME_INFO_INIT;
    SapiensStatistics statistics = SAPIENS_STATISTICS_INIT;
    SapiensResultInfo result_info = SAPIENS_RESULT_INFO_INIT;
    SapiensPerson person = SAPIENS_PERSON_INIT;
    SapiensPose pose = SAPIENS_POSE_INIT;
    SapiensMap map = SAPIENS_MAP_INIT;
    SapiensKeypointInfo keypoint_info = SAPIENS_KEYPOINT_INFO_INIT;
    SapiensLinkInfo link_info = SAPIENS_LINK_INFO_INIT;
    SapiensClassInfo class_info = SAPIENS_CLASS_INFO_INIT;
    image.format = SAPIENS_PIXEL_FORMAT_NV12;
    submit_options.flags = SAPIENS_SUBMIT_FLAGS_BORROW | SAPIENS_SUBMIT_FLAGS_IGNORE_CADENCE;
    stream_options.tasks = SAPIENS_TASK_POSE | SAPIENS_TASK_SEG;
    if (sapiens_context_create(&context_options, &context) != SAPIENS_STATUS_OK ||
        sapiens_context_load(context, NULL, &load_options, NULL) < 0 ||
        sapiens_stream_create(context, &stream_options, &stream) == SAPIENS_STATUS_SHUT_DOWN) {
        return SAPIENS_STATUS_INTERNAL;
    }
    (void)sapiens_stream_set_task(stream, SAPIENS_TASK_NORMAL, &task_options);
    (void)sapiens_stream_submit(stream, &image, &submit_options, SAPIENS_WAIT_FOREVER, NULL);
    (void)sapiens_stream_cancel(stream, SAPIENS_ALL_FRAMES);
    (void)sapiens_result_map(result, SAPIENS_SCENE, SAPIENS_MAP_KIND_LABELS, &map);
    (void)model_info.id, (void)runtime_info.path, (void)statistics.submitted, (void)result_info.frame, (void)person.tasks;
    (void)pose.count, (void)keypoint_info.flip, (void)link_info.from, (void)class_info.flip;
    return sapiens_result_release(&result);
}
