#include "two_files.hpp"
#include "sapiens.hpp" // twice

sapiens::Expected<sapiens::Context> made_in_the_other_file(int *messages) {
    sapiens::ContextOptions options;
    options.log_level = sapiens::LogLevel::debug;
    options.on_log = [messages](sapiens::LogLevel, std::string_view text) { *messages += text.empty() ? 0 : 1; };
    return sapiens::Context::create(std::move(options));
}

std::size_t names_in_the_other_file() { return sapiens::keypoint_infos().value().size(); }
