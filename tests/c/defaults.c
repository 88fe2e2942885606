/* The _INIT macros and the _default functions say the same. */
#include "check.h"

#define SAME(type, macro, function)                                        \
    do {                                                                   \
        static const type initial = macro;                                 \
        type found;                                                        \
        memset(&found, 0xEE, sizeof found);                                \
        OK(function(&found, sizeof found));                                \
        CHECK(memcmp(&initial, &found, sizeof found) == 0);                \
    } while (0)

int main(void) {
    use_all();
    SAME(SapiensContextOptions, SAPIENS_CONTEXT_OPTIONS_INIT, sapiens_context_options_default);
    SAME(SapiensLoadOptions, SAPIENS_LOAD_OPTIONS_INIT, sapiens_load_options_default);
    SAME(SapiensStreamOptions, SAPIENS_STREAM_OPTIONS_INIT, sapiens_stream_options_default);
    SAME(SapiensFilterOptions, SAPIENS_FILTER_OPTIONS_INIT, sapiens_filter_options_default);
    SAME(SapiensMapFilterOptions, SAPIENS_MAP_FILTER_OPTIONS_INIT, sapiens_map_filter_options_default);
    SAME(SapiensTaskOptions, SAPIENS_TASK_OPTIONS_INIT, sapiens_task_options_default);
    SAME(SapiensImage, SAPIENS_IMAGE_INIT, sapiens_image_default);
    SAME(SapiensSubmitOptions, SAPIENS_SUBMIT_OPTIONS_INIT, sapiens_submit_options_default);
    puts("ok");
    return 0;
}
