// Camera space to Unity: known points and rotations, and the ground truth of a rendered sequence.
using System;
using System.Globalization;
using System.IO;
using System.Linq;
using Sapiens;

internal static class Space
{
    internal static void Known()
    {
        Same(new SapiensVector(1, -2, 3), UnitySpace.FromCamera(new SapiensVector(1, 2, 3)), 0, "down becomes up");
        Same(new SapiensVector(-1, 2, 3), UnitySpace.FromBody(new SapiensVector(1, 2, 3)), 0, "left becomes right");
        float s = (float)Math.Sqrt(0.5);
        // A quarter turn around the way ahead takes right to down in camera space; so it must in Unity.
        SapiensRotation roll = UnitySpace.FromCamera(new SapiensRotation(0, 0, s, s));
        Same(new SapiensVector(0, -1, 0), Turn(roll, new SapiensVector(1, 0, 0)), 1e-6, "right to down");
        // A quarter turn around down takes ahead to right.
        SapiensRotation yaw = UnitySpace.FromCamera(new SapiensRotation(0, s, 0, s));
        Same(new SapiensVector(1, 0, 0), Turn(yaw, new SapiensVector(0, 0, 1)), 1e-6, "ahead to right");
        // A person who faces the camera, upright: their left is its right.
        SapiensRotation facing = UnitySpace.FromBodyToCamera(new SapiensRotation(1, 0, 0, 0));
        Same(new SapiensVector(0, 1, 0), Turn(facing, new SapiensVector(0, 1, 0)), 1e-6, "up stays up");
        Same(new SapiensVector(0, 0, -1), Turn(facing, new SapiensVector(0, 0, 1)), 1e-6, "looks at the camera");
        Same(new SapiensVector(1, 0, 0), Turn(facing, new SapiensVector(-1, 0, 0)), 1e-6, "their left is the camera's right");
        var random = new Random(5);
        for (int i = 0; i < 100; i++)
        {
            SapiensRotation q = Unit(random);
            var v = new SapiensVector((float)random.NextDouble(), (float)random.NextDouble(), (float)random.NextDouble());
            Same(UnitySpace.FromCamera(Turn(q, v)), Turn(UnitySpace.FromCamera(q), UnitySpace.FromCamera(v)), 1e-5, "camera: turn, then cross");
            Same(UnitySpace.FromBody(Turn(q, v)), Turn(UnitySpace.FromBody(q), UnitySpace.FromBody(v)), 1e-5, "body: turn, then cross");
            Same(UnitySpace.FromCamera(Turn(q, v)), Turn(UnitySpace.FromBodyToCamera(q), UnitySpace.FromBody(v)), 1e-5, "body to camera");
            Same(v, UnitySpace.FromCamera(UnitySpace.FromCamera(v)), 0, "there and back");
        }
        float u, t;
        UnitySpace.TextureFromImage(0, 0, 4, 2, out u, out t);
        Check.That(u == 0.125f && t == 0.75f, "the upper left pixel");
        UnitySpace.TextureFromImage(3, 1, 4, 2, out u, out t);
        Check.That(u == 0.875f && t == 0.25f, "the lower right pixel");
    }

    /// <summary>A slice of the labels of a rendered sequence: a person's joints with parents, positions in camera space and rotations
    /// against the parent; keypoints in space and in the picture. In Unity, the same skeleton must hang together.</summary>
    internal static void Rendered(string file)
    {
        string[][] lines = File.ReadAllLines(file).Where(l => l.Length > 0 && l[0] != '#').Select(l => l.Split(' ')).ToArray();
        string[][] joints = lines.Where(w => w[0] == "joint").ToArray();
        int frames = lines.Count(w => w[0] == "frame"), count = joints.Length / frames;
        Check.That(frames >= 3 && count > 15, "frames and joints");
        var offsets = new SapiensVector[count];
        for (int frame = 0; frame < frames; frame++)
        {
            var places = new SapiensVector[count];
            var turns = new SapiensRotation[count];
            for (int i = 0; i < count; i++)
            {
                string[] words = joints[frame * count + i];
                int parent = int.Parse(words[1]);
                float[] n = words.Skip(2).Select(Number).ToArray();
                places[i] = UnitySpace.FromCamera(new SapiensVector(n[0], n[1], n[2]));
                var local = new SapiensRotation(n[3], n[4], n[5], n[6]);
                turns[i] = parent < 0 ? UnitySpace.FromBodyToCamera(local) : Multiply(turns[parent], UnitySpace.FromBody(local));
                if (parent < 0)
                {
                    continue;
                }
                // Bones are stiff: seen from the parent, a joint stays where it is.
                var bone = new SapiensVector(places[i].X - places[parent].X, places[i].Y - places[parent].Y, places[i].Z - places[parent].Z);
                SapiensRotation back = turns[parent];
                SapiensVector offset = Turn(new SapiensRotation(-back.X, -back.Y, -back.Z, back.W), bone);
                if (frame == 0)
                {
                    offsets[i] = offset;
                }
                Same(offsets[i], offset, 2e-4, "joint " + i + " of frame " + frame);
            }
        }
        // At rest arms and legs hang down and left parts lie on the left of the character, which is -x in Unity.
        foreach (string[] rest in lines.Where(w => w[0] == "left"))
        {
            Check.That(offsets[int.Parse(rest[1])].X < 0, "a left joint lies on the left");
        }
        foreach (string[] rest in lines.Where(w => w[0] == "down"))
        {
            Check.That(offsets[int.Parse(rest[1])].Y < 0, "a limb hangs down");
        }
        Projected(lines);
    }

    /// <summary>A point seen by a camera of Unity (x right, y up) must fall where the label says.</summary>
    private static void Projected(string[][] lines)
    {
        float[] camera = lines.Single(w => w[0] == "camera").Skip(1).Select(Number).ToArray();
        string[][] points = lines.Where(w => w[0] == "point").ToArray();
        Check.That(points.Length > 20, "points");
        foreach (string[] words in points)
        {
            float[] n = words.Skip(1).Select(Number).ToArray();
            SapiensVector at = UnitySpace.FromCamera(new SapiensVector(n[0], n[1], n[2]));
            float u, v;
            UnitySpace.TextureFromImage(n[3], n[4], (int)camera[4], (int)camera[5], out u, out v);
            // What a projection matrix makes of the intrinsics, from the lower left corner, 0..1.
            double seenU = (camera[0] * at.X / at.Z + camera[2] + 0.5) / camera[4];
            double seenV = 1 - (camera[1] * -at.Y / at.Z + camera[3] + 0.5) / camera[5];
            Check.Near(u, seenU, 2e-3, "u");
            Check.Near(v, seenV, 2e-3, "v");
        }
    }

    private static float Number(string text)
    {
        return float.Parse(text, CultureInfo.InvariantCulture);
    }

    private static void Same(SapiensVector expected, SapiensVector found, double tolerance, string what)
    {
        double distance = Math.Max(Math.Abs(expected.X - found.X), Math.Max(Math.Abs(expected.Y - found.Y), Math.Abs(expected.Z - found.Z)));
        Check.That(distance <= tolerance, string.Format("{0}: expected {1}, {2}, {3}; found {4}, {5}, {6};", what, expected.X, expected.Y,
            expected.Z, found.X, found.Y, found.Z));
    }

    /// <summary>The Hamilton product, which is Unity's too.</summary>
    private static SapiensRotation Multiply(SapiensRotation a, SapiensRotation b)
    {
        return new SapiensRotation(a.W * b.X + a.X * b.W + a.Y * b.Z - a.Z * b.Y, a.W * b.Y + a.Y * b.W + a.Z * b.X - a.X * b.Z,
            a.W * b.Z + a.Z * b.W + a.X * b.Y - a.Y * b.X, a.W * b.W - a.X * b.X - a.Y * b.Y - a.Z * b.Z);
    }

    private static SapiensVector Turn(SapiensRotation q, SapiensVector v)
    {
        SapiensRotation turned = Multiply(Multiply(q, new SapiensRotation(v.X, v.Y, v.Z, 0)), new SapiensRotation(-q.X, -q.Y, -q.Z, q.W));
        return new SapiensVector(turned.X, turned.Y, turned.Z);
    }

    private static SapiensRotation Unit(Random random)
    {
        double[] n = Enumerable.Range(0, 4).Select(i => random.NextDouble() - 0.5).ToArray();
        double length = Math.Sqrt(n.Sum(x => x * x));
        return new SapiensRotation((float)(n[0] / length), (float)(n[1] / length), (float)(n[2] / length), (float)(n[3] / length));
    }
}
