// SPDX-License-Identifier: MIT OR Apache-2.0
#include "Skeleton.h"

#include <algorithm>

namespace sapiens::unreal {

Expected<Skeleton> Skeleton::of_library(const std::function<bool(KeypointGroup)> &is_wanted, std::string_view root,
                                        std::string camera) {
    const auto infos = keypoint_infos();
    if (!infos) return infos.error();
    const auto links = link_infos();
    if (!links) return links.error();
    std::vector<std::uint32_t> order; // of where trees begin
    for (std::uint32_t index = 0; index < infos->size(); ++index) {
        if (is_wanted((*infos)[index].group)) order.push_back(index);
    }
    if (!root.empty()) {
        const auto named = [&](std::uint32_t index) { return (*infos)[index].name == root; };
        const auto first = std::find_if(order.begin(), order.end(), named);
        if (first == order.end()) {
            return Error{StatusCode::invalid_argument, "root: \"" + std::string(root) +
                                                           "\" is no keypoint of the groups asked for; pass one of their names"};
        }
        std::rotate(order.begin(), first, first + 1);
    }

    Skeleton made;
    made.bones_.push_back({std::move(camera), -1, std::nullopt});
    std::vector<bool> is_placed(infos->size(), true);
    for (const std::uint32_t index : order) is_placed[index] = false;
    const auto place = [&](std::uint32_t keypoint, std::int32_t parent) {
        is_placed[keypoint] = true;
        made.bones_.push_back({std::string((*infos)[keypoint].name), parent, keypoint});
    };
    for (const std::uint32_t start : order) {
        if (is_placed[start]) continue;
        std::size_t next = made.bones_.size();
        place(start, 0);
        for (; next < made.bones_.size(); ++next) {
            const std::uint32_t here = *made.bones_[next].keypoint;
            for (const LinkInfo &link : *links) {
                const auto parent = static_cast<std::int32_t>(next);
                if (link.from == here && !is_placed[link.to]) place(link.to, parent);
                if (link.to == here && !is_placed[link.from]) place(link.from, parent);
            }
        }
    }
    return made;
}

void Skeleton::pose(const std::vector<std::optional<Vector>> &positions, std::vector<Vector> &offsets) const {
    offsets.resize(bones_.size());
    std::vector<Vector> places(bones_.size());
    for (std::size_t index = 1; index < bones_.size(); ++index) {
        const Bone &bone = bones_[index];
        const Vector &parent = places[static_cast<std::size_t>(bone.parent)];
        Vector &offset = offsets[index];
        const auto found = *bone.keypoint < positions.size() ? positions[*bone.keypoint] : std::nullopt;
        if (found) offset = {found->x - parent.x, found->y - parent.y, found->z - parent.z};
        places[index] = {parent.x + offset.x, parent.y + offset.y, parent.z + offset.z};
    }
}

void CommonOrder::ask(std::size_t count) {
    asked_ = count;
    places_.clear();
    const auto common = keypoint_infos();
    for (std::uint32_t index = 0; common && index < common->size(); ++index) {
        const auto found = keypoint_counterpart(static_cast<std::uint32_t>(common->size()), index, static_cast<std::uint32_t>(count));
        places_.push_back(found ? std::optional<std::uint32_t>(*found) : std::nullopt);
    }
}

Expected<Curves> Curves::of_library(KeypointGroup group) {
    const auto infos = keypoint_infos();
    if (!infos) return infos.error();
    Curves made;
    for (std::uint32_t index = 0; index < infos->size(); ++index) {
        const KeypointInfo &info = (*infos)[index];
        if (info.group != group) continue;
        made.keypoints.push_back(index);
        made.names.push_back(std::string(info.name) + ".x");
        made.names.push_back(std::string(info.name) + ".y");
    }
    return made;
}

void Curves::read(const PersonReading &person, std::vector<float> &values) const {
    values.assign(names.size(), 0.0F);
    const Box &box = person.bbox;
    if (!(box.width > 0 && box.height > 0)) return;
    for (std::size_t index = 0; index < keypoints.size() && keypoints[index] < person.keypoints.size(); ++index) {
        const Keypoint &point = person.keypoints[keypoints[index]];
        values[index * 2] = (point.x - box.x) / box.width;
        values[index * 2 + 1] = (point.y - box.y) / box.height;
    }
}

} // namespace sapiens::unreal
