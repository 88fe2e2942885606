// The conversion to Unreal's space: known points, rotations, and the ground truth of a rendered sequence.
#include "Core/Space.h"

#include "../cpp/expect.hpp"

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

using namespace sapiens;
using namespace sapiens::unreal;

static bool near(Vector a, Vector b, double by) {
    return std::abs(a.x - b.x) <= by && std::abs(a.y - b.y) <= by && std::abs(a.z - b.z) <= by;
}
static Vector operator-(Vector a, Vector b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
static Vector operator+(Vector a, Vector b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
static Vector cross(Vector a, Vector b) { return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x}; }
static double dot(Vector a, Vector b) { return a.x * b.x + a.y * b.y + a.z * b.z; }

/// As FQuat::RotateVector, and as everybody else: the algebra does not know of handedness.
static Vector rotated(Quaternion q, Vector v) {
    const Vector axis{q.x, q.y, q.z};
    const Vector t = cross(axis, v);
    const Vector u = cross(axis, t);
    return {v.x + 2 * (q.w * t.x + u.x), v.y + 2 * (q.w * t.y + u.y), v.z + 2 * (q.w * t.z + u.z)};
}
static Quaternion inverse(Quaternion q) { return {-q.x, -q.y, -q.z, q.w}; }
static Quaternion product(Quaternion a, Quaternion b) { // first b, then a
    const Vector u{a.x, a.y, a.z}, v{b.x, b.y, b.z}, c = cross(u, v);
    return {a.w * b.x + b.w * a.x + c.x, a.w * b.y + b.w * a.y + c.y, a.w * b.z + b.w * a.z + c.z, a.w * b.w - dot(u, v)};
}

static void known_points() {
    // A metre to the right, below and before the camera.
    EXPECT(near(position_to_unreal({1, 0, 0}), {0, 100, 0}, 0));
    EXPECT(near(position_to_unreal({0, 1, 0}), {0, 0, -100}, 0));
    EXPECT(near(position_to_unreal({0, 0, 1}), {100, 0, 0}, 0));
    EXPECT(near(direction_to_unreal({0, 0, -1}), {-1, 0, 0}, 0)); // what is seen faces the camera
    EXPECT(near(position_to_camera(position_to_unreal({0.5, -2, 7})), {0.5, -2, 7}, 1e-15));
    EXPECT(near(direction_to_camera(direction_to_unreal({1, 2, 3})), {1, 2, 3}, 0));
    // Handedness: the cross product of images is the image of the cross product, but for its sign.
    const Vector a{1, 2, 3}, b{-4, 5, 0.5};
    const Vector both = cross(direction_to_unreal(a), direction_to_unreal(b));
    EXPECT(near(both, direction_to_unreal(cross(b, a)), 1e-12));
    const Point corner = pixel_to_uv({-0.5, -0.5}, 96, 72), last = pixel_to_uv({95.5, 71.5}, 96, 72);
    EXPECT(corner.x == 0 && corner.y == 0 && last.x == 1 && last.y == 1);
}

static void rotations() {
    // A quarter turn about the axis that looks forward takes right to down, in both spaces.
    const double half = std::sqrt(0.5);
    const Quaternion roll = rotation_to_unreal({0, 0, half, half});
    EXPECT(near(rotated({0, 0, half, half}, {1, 0, 0}), {0, 1, 0}, 1e-12));
    EXPECT(near(rotated(roll, {0, 1, 0}), {0, 0, -1}, 1e-12));
    // Rotating and converting commute, for any rotation and vector; products become products.
    for (int i = 1; i <= 50; ++i) {
        const double s = 0.37 * i;
        Quaternion q{std::sin(s), std::cos(2.3 * s), std::sin(5 * s + 1), std::cos(0.7 * s)};
        const double length = std::sqrt(q.x * q.x + q.y * q.y + q.z * q.z + q.w * q.w);
        q = {q.x / length, q.y / length, q.z / length, q.w / length};
        const Vector v{std::cos(s), 3 * std::sin(s), -1.5};
        EXPECT(near(rotated(rotation_to_unreal(q), position_to_unreal(v)), position_to_unreal(rotated(q, v)), 1e-9));
        const Quaternion back = rotation_to_camera(rotation_to_unreal(q));
        EXPECT(back.x == q.x && back.y == q.y && back.z == q.z && back.w == q.w);
        const Quaternion of_product = rotation_to_unreal(product(q, roll));
        const Quaternion of_parts = product(rotation_to_unreal(q), rotation_to_unreal(roll));
        EXPECT(std::abs(of_product.x - of_parts.x) + std::abs(of_product.w - of_parts.w) < 1e-12);
    }
}

struct Joint {
    std::string parent;
    Vector position;     // Unreal
    Quaternion rotation; // Unreal, of all joints above it too
};
using Body = std::map<std::string, Joint>;

/// The bones of a moving body keep their lengths and places in the frame of their parent: only if positions and rotations are
/// converted to the same space.
static void same_bones(const Body &first, const Body &now) {
    int compared = 0;
    for (const auto &[name, joint] : now) {
        if (joint.parent == "-") continue;
        const Joint &was = first.at(name), &was_parent = first.at(joint.parent), &parent = now.at(joint.parent);
        const Vector offset = rotated(inverse(was_parent.rotation), was.position - was_parent.position);
        const Vector expected = parent.position + rotated(parent.rotation, offset);
        EXPECT(near(joint.position, expected, 0.02)); // 0.2 mm: the labels are rounded
        ++compared;
    }
    EXPECT(compared == 50);
}

static void rendered_sequence(const char *path) {
    std::ifstream file(path);
    EXPECT(file);
    std::map<int, Body> frames;
    Body *body = nullptr;
    double fx = 0, fy = 0, cx = 0, cy = 0;
    int keypoints = 0;
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string kind, name, parent;
        words >> kind;
        Vector p;
        if (kind == "frame") {
            int number = 0;
            EXPECT(words >> number);
            body = &frames[number];
        } else if (kind == "camera") {
            EXPECT(words >> fx >> fy >> cx >> cy);
        } else if (kind == "joint") {
            Quaternion q;
            EXPECT(words >> name >> parent >> p.x >> p.y >> p.z >> q.x >> q.y >> q.z >> q.w);
            const Quaternion own = rotation_to_unreal(q);
            const Quaternion all = parent == "-" ? own : product(body->at(parent).rotation, own);
            (*body)[name] = {parent, position_to_unreal(p), all};
        } else if (kind == "keypoint") {
            // A camera of Unreal at the origin, looking along X, sees it at the labelled pixel.
            double u = 0, v = 0;
            EXPECT(words >> name >> u >> v >> p.x >> p.y >> p.z);
            const Vector at = position_to_unreal(p);
            EXPECT(at.x > 0);
            EXPECT(std::abs(fx * at.y / at.x + cx - u) < 0.02 && std::abs(fy * -at.z / at.x + cy - v) < 0.02);
            ++keypoints;
        }
    }
    EXPECT(frames.size() == 3 && keypoints >= 30);
    same_bones(frames[0], frames[1]);
    same_bones(frames[0], frames[2]);
    for (const auto &[number, joints] : frames) { // a standing person: upright, in Unreal's sense
        EXPECT(joints.at("neck").position.z > joints.at("pelvis").position.z);
        EXPECT(joints.at("pelvis").position.z > joints.at("left_foot").position.z);
    }
    // It moves, so that the comparison above means something.
    double moved = 0;
    for (const auto &[name, joint] : frames[0]) {
        const Vector by = frames[2].at(name).position - joint.position;
        moved = std::max(moved, std::sqrt(dot(by, by)));
    }
    EXPECT(moved > 5);
}

int main(int count, char **arguments) {
    EXPECT(count == 2);
    known_points();
    rotations();
    rendered_sequence(arguments[1]);
    std::puts("ok");
}
