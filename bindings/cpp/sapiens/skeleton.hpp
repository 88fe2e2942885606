// What keypoints and classes mean, as the library tells it, and which library this is. Part of <sapiens.hpp>.
// SPDX-License-Identifier: MIT OR Apache-2.0
#ifndef SAPIENS_SKELETON_HPP
#define SAPIENS_SKELETON_HPP

#include "types.hpp"

#include <vector>

namespace sapiens {

/// Part of the body a keypoint belongs to.
enum class KeypointGroup : std::int32_t {
    body = SAPIENS_KEYPOINT_GROUP_BODY,
    foot = SAPIENS_KEYPOINT_GROUP_FOOT,
    left_hand = SAPIENS_KEYPOINT_GROUP_LEFT_HAND,
    right_hand = SAPIENS_KEYPOINT_GROUP_RIGHT_HAND,
    extra = SAPIENS_KEYPOINT_GROUP_EXTRA,
    face = SAPIENS_KEYPOINT_GROUP_FACE,
};

/// A keypoint of an official set. `name` is valid for ever; left and right are those of the person.
struct KeypointInfo {
    std::string_view name;
    /// Which keypoint it becomes in the mirrored image; itself on the plane of symmetry.
    std::uint32_t flip = 0;
    KeypointGroup group = KeypointGroup::body;
    /// Standard deviation of the annotation relative to the size of the person (the constants of COCO's OKS).
    float sigma = 0;
    Rgb color{};
};

/// A line to draw between two keypoints.
struct LinkInfo {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    Rgb color{};
};

/// A class of the segmentation; its index is the value of map LABELS. `name` is valid for ever.
struct ClassInfo {
    std::string_view name;
    /// The class it becomes in the mirrored image.
    std::uint32_t flip = 0;
    Rgb color{};
};

namespace detail {

/// Every entry of one of the library's tables.
template <class To, class From, class Entry, class Make>
Expected<std::vector<To>> table(std::uint32_t count, Entry entry, const From &empty, Make make) {
    std::vector<To> all;
    all.reserve(count);
    for (std::uint32_t index = 0; index < count; ++index) {
        From info = empty;
        if (auto done = outcome(entry(index, &info)); !done) return done.error();
        all.push_back(make(info));
    }
    return all;
}

template <class Entry> Expected<std::vector<KeypointInfo>> keypoints(std::uint32_t count, Entry entry) {
    const auto make = [](const SapiensKeypointInfo &info) -> KeypointInfo {
        return {info.name, info.flip, static_cast<KeypointGroup>(info.group), info.sigma, rgb(info.color)};
    };
    return table<KeypointInfo>(count, entry, SapiensKeypointInfo SAPIENS_KEYPOINT_INFO_INIT, make);
}

template <class Entry> Expected<std::vector<LinkInfo>> links(std::uint32_t count, Entry entry) {
    const auto make = [](const SapiensLinkInfo &info) -> LinkInfo { return {info.from, info.to, rgb(info.color)}; };
    return table<LinkInfo>(count, entry, SapiensLinkInfo SAPIENS_LINK_INFO_INIT, make);
}

template <class Entry> Expected<std::vector<ClassInfo>> classes(std::uint32_t count, Entry entry) {
    const auto make = [](const SapiensClassInfo &info) -> ClassInfo { return {info.name, info.flip, rgb(info.color)}; };
    return table<ClassInfo>(count, entry, SapiensClassInfo SAPIENS_CLASS_INFO_INIT, make);
}

} // namespace detail

/// The keypoints of Sapiens2, in the order of Pose::keypoints.
inline Expected<std::vector<KeypointInfo>> keypoint_infos() {
    std::uint32_t count = 0;
    if (auto done = detail::outcome(sapiens_keypoint_count(&count)); !done) return done.error();
    return detail::keypoints(count, sapiens_keypoint);
}

/// Those of a model with `set` of them (Pose::keypoints.size(), ModelInfo::keypoints). `absent` for a number that is in no
/// official set: such a model has keypoints of its own.
inline Expected<std::vector<KeypointInfo>> keypoint_infos(std::uint32_t set) {
    const auto entry = [set](std::uint32_t i, SapiensKeypointInfo *info) { return sapiens_set_keypoint(set, i, info); };
    return detail::keypoints(set, entry);
}

/// The lines of the skeleton of Sapiens2.
inline Expected<std::vector<LinkInfo>> link_infos() {
    std::uint32_t count = 0;
    if (auto done = detail::outcome(sapiens_link_count(&count)); !done) return done.error();
    return detail::links(count, sapiens_link);
}

/// Those between `set` keypoints. `absent` as above.
inline Expected<std::vector<LinkInfo>> link_infos(std::uint32_t set) {
    std::uint32_t count = 0;
    if (auto done = detail::outcome(sapiens_set_link_count(set, &count)); !done) return done.error();
    return detail::links(count, [set](std::uint32_t i, SapiensLinkInfo *info) { return sapiens_set_link(set, i, info); });
}

/// The keypoint of the set of `to` that means the same place of the body as keypoint `index` of the set of `from`; `absent`
/// where there is none.
inline Expected<std::uint32_t> keypoint_counterpart(std::uint32_t from, std::uint32_t index, std::uint32_t to) {
    std::uint32_t found = 0;
    if (auto done = detail::outcome(sapiens_keypoint_counterpart(from, index, to, &found)); !done) return done.error();
    return found;
}

/// The classes of the segmentation of Sapiens2, background first.
inline Expected<std::vector<ClassInfo>> class_infos() {
    std::uint32_t count = 0;
    if (auto done = detail::outcome(sapiens_class_count(&count)); !done) return done.error();
    return detail::classes(count, sapiens_class);
}

/// Those of a model with `set` of them (MapView::classes(), ModelInfo::classes). `absent` as above.
inline Expected<std::vector<ClassInfo>> class_infos(std::uint32_t set) {
    return detail::classes(set, [set](std::uint32_t i, SapiensClassInfo *info) { return sapiens_set_class(set, i, info); });
}

/// A version: of the library that runs, or of the header a program was compiled with.
struct Version {
    std::uint32_t major_number = 0; // not `major`: a macro of <sys/types.h>
    std::uint32_t minor_number = 0;
    std::uint32_t patch_number = 0;
};

inline Version library_version() noexcept {
    const std::uint32_t packed = sapiens_version();
    return {packed >> 22, (packed >> 12) & 0x3FFU, packed & 0xFFFU};
}
inline constexpr Version header_version{SAPIENS_VERSION_MAJOR, SAPIENS_VERSION_MINOR, SAPIENS_VERSION_PATCH};

/// What the library was built from, for reports. Valid for ever.
inline std::string_view build_info() noexcept { return sapiens_build_info(); }

} // namespace sapiens

#endif // SAPIENS_SKELETON_HPP
