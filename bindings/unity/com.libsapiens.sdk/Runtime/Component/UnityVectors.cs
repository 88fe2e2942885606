using UnityEngine;

namespace Sapiens.Unity
{
    /// <summary>The core's numbers in the engine's types. What they mean is decided in <see cref="UnitySpace"/>.</summary>
    public static class UnityVectors
    {
        public static Vector3 ToVector3(this SapiensVector v)
        {
            return new Vector3(v.X, v.Y, v.Z);
        }

        public static Quaternion ToQuaternion(this SapiensRotation q)
        {
            return new Quaternion(q.X, q.Y, q.Z, q.W);
        }

        public static Color32 ToColor32(this SapiensColorRgb color)
        {
            return new Color32(color.R, color.G, color.B, 255);
        }
    }
}
