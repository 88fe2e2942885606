using System;

namespace Sapiens
{
    /// <summary>Three numbers; without the engine, so that this package's core and its tests need none.</summary>
    public struct SapiensVector
    {
        public float X;
        public float Y;
        public float Z;

        public SapiensVector(float x, float y, float z)
        {
            X = x;
            Y = y;
            Z = z;
        }
    }

    /// <summary>A unit quaternion, in the order of Unity's.</summary>
    public struct SapiensRotation
    {
        public float X;
        public float Y;
        public float Z;
        public float W;

        public SapiensRotation(float x, float y, float z, float w)
        {
            X = x;
            Y = y;
            Z = z;
            W = w;
        }
    }

    /// <summary>
    /// The one place where coordinates change hands.
    ///
    /// Camera space of the library: metres, x right, y down, z forward; right handed. Unity: metres, x right, y up, z forward;
    /// left handed. So M = diag(1, -1, 1) takes points and directions across. A rotation R becomes M R M: its axis is turned by
    /// det(M) M, its angle stays, which for a quaternion is (-x, y, -z, w). M is its own inverse: the same functions lead back.
    ///
    /// Body space of a person at rest: x to the person's left, y up, z to where the person looks; right handed. Unity's characters
    /// have x to their right, so there it is B = diag(-1, 1, 1) that takes points and joint rotations across.
    ///
    /// Images: the library's pixels have x right, y down, centres at integers; Unity's texture coordinates begin at the lower left
    /// corner, and the centre of the first pixel is half a pixel inside.
    ///
    /// What comes out is relative to the camera that took the picture: place it with that camera's Transform.
    /// </summary>
    public static unsafe class UnitySpace
    {
        /// <summary>A point or a direction in camera space.</summary>
        public static SapiensVector FromCamera(SapiensVector v)
        {
            return new SapiensVector(v.X, -v.Y, v.Z);
        }

        /// <summary>A rotation within camera space.</summary>
        public static SapiensRotation FromCamera(SapiensRotation q)
        {
            return new SapiensRotation(-q.X, q.Y, -q.Z, q.W);
        }

        /// <summary>A point or a direction in body space.</summary>
        public static SapiensVector FromBody(SapiensVector v)
        {
            return new SapiensVector(-v.X, v.Y, v.Z);
        }

        /// <summary>A rotation within body space, such as that of a joint against its parent.</summary>
        public static SapiensRotation FromBody(SapiensRotation q)
        {
            return new SapiensRotation(q.X, -q.Y, -q.Z, q.W);
        }

        /// <summary>The rotation from body space into camera space, such as that of a person's root: M R B. As M = turn B, with the half
        /// turn around z, (0, 0, 1, 0), it is turn (B R B).</summary>
        public static SapiensRotation FromBodyToCamera(SapiensRotation q)
        {
            SapiensRotation inner = FromBody(q);
            return new SapiensRotation(-inner.Y, inner.X, inner.W, -inner.Z);
        }

        /// <summary>A place in an image of that size as texture coordinates.</summary>
        public static void TextureFromImage(double x, double y, int width, int height, out float u, out float v)
        {
            u = (float)((x + 0.5) / width);
            v = (float)(1 - (y + 0.5) / height);
        }

        /// <summary>Copies a map of points or normals, four floats per pixel, the lowest row first. The fourth is 1 where there is a
        /// value and 0 where there is none, and the other three are 0 there.</summary>
        public static void CopyVectors(ref SapiensMap map, IntPtr destination, long floats)
        {
            if (map.Channels != 3)
            {
                throw new ArgumentException("map must be one of points or normals: three channels", "map");
            }
            SapiensMapCopy.ToFloats(ref map, destination, floats, 4, true, 1);
            float* to = (float*)destination;
            for (float* end = to + (long)map.Width * map.Height * 4; to < end; to += 4)
            {
                bool isThere = !float.IsNaN(to[0] + to[1] + to[2]) && (to[0] != 0 || to[1] != 0 || to[2] != 0);
                SapiensVector v = isThere ? FromCamera(new SapiensVector(to[0], to[1], to[2])) : new SapiensVector();
                to[0] = v.X;
                to[1] = v.Y;
                to[2] = v.Z;
                to[3] = isThere ? 1 : 0;
            }
        }

        /// <summary>Where a place in the image lies in space, by the map of points of a person or of the scene; false where there is no
        /// such map or no point.</summary>
        public static bool TryGetPoint(ref SapiensMap points, float imageX, float imageY, out SapiensVector point)
        {
            int x, y;
            point = new SapiensVector();
            if (!points.TryFindPixel(imageX, imageY, out x, out y))
            {
                return false;
            }
            var inCamera = new SapiensVector(points.FloatAt(x, y, 0), points.FloatAt(x, y, 1), points.FloatAt(x, y, 2));
            point = FromCamera(inCamera);
            return !float.IsNaN(inCamera.X + inCamera.Y + inCamera.Z) && inCamera.Z > 0;
        }
    }
}
