#include "sapiens.h"
#include <stdio.h>

int main(void) {
    static unsigned char pixels[480][360][3]; /* RGB from anywhere: a camera, a render target, a decoder */
    SapiensImage image = SAPIENS_IMAGE_INIT;
    SapiensContext *context = NULL;
    SapiensStream *stream = NULL;
    SapiensResult *result = NULL;
    SapiensPose pose = SAPIENS_POSE_INIT;

    image.format = SAPIENS_PIXEL_FORMAT_RGB8;
    image.width = 360, image.height = 480, image.row_stride = 3 * 360, image.data = pixels;
    if (fread(pixels, 1, sizeof pixels, stdin) == sizeof pixels &&
        sapiens_context_create(NULL, &context) == SAPIENS_STATUS_OK &&
        sapiens_context_load(context, NULL, NULL, NULL) == SAPIENS_STATUS_OK && /* the demo model; or a path */
        sapiens_stream_create(context, NULL, &stream) == SAPIENS_STATUS_OK &&
        sapiens_stream_submit(stream, &image, NULL, 0, NULL) == SAPIENS_STATUS_OK &&
        sapiens_stream_poll(stream, SAPIENS_WAIT_FOREVER, &result) == SAPIENS_STATUS_OK &&
        sapiens_result_pose(result, 0, &pose) == SAPIENS_STATUS_OK) {
        for (unsigned i = 0; i < pose.count; ++i) {
            SapiensKeypointInfo info = SAPIENS_KEYPOINT_INFO_INIT;
            sapiens_keypoint(i, &info);
            printf("%s %.1f %.1f %.2f\n", info.name, pose.keypoints[i].x, pose.keypoints[i].y, pose.keypoints[i].score);
        }
    } else {
        fprintf(stderr, "%s\n", sapiens_last_error());
    }
    sapiens_result_release(&result);
    sapiens_context_destroy(&context); /* and its streams */
    return pose.count == 0;
}
