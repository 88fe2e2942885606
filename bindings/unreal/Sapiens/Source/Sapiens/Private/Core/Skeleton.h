// The library's keypoints as the bones and curves of an engine. Plain C++; every name and link is the library's.
// SPDX-License-Identifier: MIT OR Apache-2.0
#pragma once

#include "Reading.h"

namespace sapiens::unreal {

/// A bone: a keypoint, or the first one, which stands for the camera.
struct Bone {
    std::string name;
    /// Index of its parent, which comes before it; -1 for the first.
    std::int32_t parent = -1;
    /// Index of its keypoint; nothing for the first.
    std::optional<std::uint32_t> keypoint;
};

/// Keypoints of some groups as a tree, along the library's links.
class Skeleton {
public:
    /// `is_wanted`: which groups become bones. `root`: name of the keypoint that the tree begins at; empty: the library's first
    /// wanted one. Keypoints that no link reaches hang from the camera's bone, named `camera`.
    static Expected<Skeleton> of_library(const std::function<bool(KeypointGroup)> &is_wanted, std::string_view root,
                                         std::string camera);

    const std::vector<Bone> &bones() const noexcept { return bones_; }

    /// Offset of every bone from its parent, in centimetres in Unreal's axes, of positions by keypoint. A bone without a
    /// position keeps the offset that `offsets` has from the frame before, or lies on its parent.
    void pose(const std::vector<std::optional<Vector>> &positions, std::vector<Vector> &offsets) const;

private:
    std::vector<Bone> bones_;
};

/// Keypoints of other sets (models of Sapiens v1 may have fewer) in the order of the set that bones and curves are made of.
class CommonOrder {
public:
    /// Values by keypoint of any set become values by keypoint of the common one, `none` where theirs has no such place.
    template <class T> void apply(std::vector<T> &values, const T &none) {
        if (values.size() != asked_) ask(values.size());
        std::vector<T> ordered(places_.size(), none);
        for (std::size_t index = 0; index < ordered.size(); ++index) {
            if (places_[index]) ordered[index] = values[*places_[index]];
        }
        values = std::move(ordered);
    }

private:
    void ask(std::size_t count);

    std::size_t asked_ = 0;
    std::vector<std::optional<std::uint32_t>> places_;
};

/// A number per frame with a name.
struct Curves {
    std::vector<std::string> names;
    std::vector<std::uint32_t> keypoints;

    /// Two curves for every keypoint of the group: its place in the box of the person, 0 to 1, right and down.
    static Expected<Curves> of_library(KeypointGroup group);
    /// As many values as names; 0 where the person has no pose.
    void read(const PersonReading &person, std::vector<float> &values) const;
};

} // namespace sapiens::unreal
