#include "two_files.hpp"

#include "expect.hpp"

int main() {
    int messages = 0;
    auto context = made_in_the_other_file(&messages);
    EXPECT(context);
    EXPECT(context->load_demo());
    EXPECT(context->process_events());
    EXPECT(messages > 0);
    EXPECT(sapiens::keypoint_infos()->size() == names_in_the_other_file());
    return 0;
}
