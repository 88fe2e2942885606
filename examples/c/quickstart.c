#include "sapiens.h"
#include <stdio.h>

int main(int count, char **arguments) {
    SapiensContext *context = NULL;
    SapiensStream *stream = NULL;
    SapiensResult *result = NULL;
    SapiensPose pose = SAPIENS_POSE_INIT;
    SapiensKeypointInfo info = SAPIENS_KEYPOINT_INFO_INIT;
    const char *picture = count > 1 ? arguments[1] : "assets/standing.jpg";

    if (sapiens_context_create(NULL, &context) != SAPIENS_STATUS_OK ||
        sapiens_context_load(context, NULL, NULL, NULL) != SAPIENS_STATUS_OK || /* the demo model; or a path */
        sapiens_stream_create(context, NULL, &stream) != SAPIENS_STATUS_OK ||
        sapiens_stream_submit_file(stream, picture, NULL, 0, NULL) != SAPIENS_STATUS_OK ||
        sapiens_stream_poll(stream, SAPIENS_WAIT_FOREVER, &result) != SAPIENS_STATUS_OK ||
        sapiens_result_pose(result, 0, &pose) != SAPIENS_STATUS_OK) {
        fprintf(stderr, "%s\n", sapiens_last_error());
    }
    for (unsigned i = 0; i < pose.count && sapiens_set_keypoint(pose.count, i, &info) == SAPIENS_STATUS_OK; ++i) {
        printf("%s %.1f %.1f %.2f\n", info.name, pose.keypoints[i].x, pose.keypoints[i].y, pose.keypoints[i].score);
    }
    sapiens_result_release(&result);
    sapiens_context_destroy(&context); /* and its streams */
    return pose.count == 0;
}
