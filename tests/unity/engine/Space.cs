// NOT UNITY. See UnityEngine.cs. These behave as Unity documents them.
using System;

namespace UnityEngine
{
    public struct Vector3
    {
        public float x, y, z;
        public Vector3(float x, float y, float z) { this.x = x; this.y = y; this.z = z; }
        public static Vector3 zero { get { return new Vector3(); } }
        public static Vector3 one { get { return new Vector3(1, 1, 1); } }
        public static Vector3 up { get { return new Vector3(0, 1, 0); } }
        public static Vector3 down { get { return new Vector3(0, -1, 0); } }
        public static Vector3 right { get { return new Vector3(1, 0, 0); } }
        public static Vector3 forward { get { return new Vector3(0, 0, 1); } }
        public static Vector3 back { get { return new Vector3(0, 0, -1); } }
        public float sqrMagnitude { get { return Dot(this, this); } }
        public float magnitude { get { return (float)Math.Sqrt(sqrMagnitude); } }
        public Vector3 normalized { get { return magnitude > 0 ? this * (1 / magnitude) : zero; } }
        public static float Dot(Vector3 a, Vector3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
        public static Vector3 Cross(Vector3 a, Vector3 b) { return new Vector3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x); }
        public static Vector3 Lerp(Vector3 a, Vector3 b, float t) { return a + (b - a) * t; }
        public static Vector3 operator +(Vector3 a, Vector3 b) { return new Vector3(a.x + b.x, a.y + b.y, a.z + b.z); }
        public static Vector3 operator -(Vector3 a, Vector3 b) { return new Vector3(a.x - b.x, a.y - b.y, a.z - b.z); }
        public static Vector3 operator *(Vector3 a, float d) { return new Vector3(a.x * d, a.y * d, a.z * d); }
        public override string ToString() { return x + ", " + y + ", " + z; }
    }

    public struct Quaternion
    {
        public float x, y, z, w;
        public Quaternion(float x, float y, float z, float w) { this.x = x; this.y = y; this.z = z; this.w = w; }
        public static Quaternion identity { get { return new Quaternion(0, 0, 0, 1); } }
        public static Quaternion Inverse(Quaternion q) { return new Quaternion(-q.x, -q.y, -q.z, q.w); }

        public static Quaternion operator *(Quaternion a, Quaternion b)
        {
            return new Quaternion(a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y, a.w * b.y + a.y * b.w + a.z * b.x - a.x * b.z,
                a.w * b.z + a.z * b.w + a.x * b.y - a.y * b.x, a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z);
        }

        public static Vector3 operator *(Quaternion q, Vector3 v)
        {
            Quaternion turned = q * new Quaternion(v.x, v.y, v.z, 0) * Inverse(q);
            return new Vector3(turned.x, turned.y, turned.z);
        }

        public static Quaternion FromToRotation(Vector3 from, Vector3 to)
        {
            Vector3 a = from.normalized, b = to.normalized, axis = Vector3.Cross(a, b);
            float w = 1 + Vector3.Dot(a, b);
            if (w < 1e-6f)
            {
                axis = Vector3.Cross(a, Math.Abs(a.x) < 0.9f ? Vector3.right : Vector3.up);
                w = 0;
            }
            return Unit(new Quaternion(axis.x, axis.y, axis.z, w));
        }

        public static Quaternion LookRotation(Vector3 forward, Vector3 upwards)
        {
            // First to the way ahead, then around it until up is right.
            Quaternion ahead = FromToRotation(Vector3.forward, forward);
            Vector3 f = forward.normalized, up = (upwards - f * Vector3.Dot(f, upwards)).normalized, now = ahead * Vector3.up;
            float angle = (float)Math.Atan2(Vector3.Dot(f, Vector3.Cross(now, up)), Vector3.Dot(now, up));
            float s = (float)Math.Sin(angle / 2);
            return new Quaternion(f.x * s, f.y * s, f.z * s, (float)Math.Cos(angle / 2)) * ahead;
        }

        public static Quaternion Slerp(Quaternion a, Quaternion b, float t)
        {
            float dot = a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w, sign = dot < 0 ? -1 : 1;
            double angle = Math.Acos(Math.Min(1, Math.Abs(dot)));
            float p = angle < 1e-4 ? 1 - t : (float)(Math.Sin((1 - t) * angle) / Math.Sin(angle));
            float q = sign * (angle < 1e-4 ? t : (float)(Math.Sin(t * angle) / Math.Sin(angle)));
            return Unit(new Quaternion(p * a.x + q * b.x, p * a.y + q * b.y, p * a.z + q * b.z, p * a.w + q * b.w));
        }

        private static Quaternion Unit(Quaternion q)
        {
            float length = (float)Math.Sqrt(q.x * q.x + q.y * q.y + q.z * q.z + q.w * q.w);
            return new Quaternion(q.x / length, q.y / length, q.z / length, q.w / length);
        }
    }

    /// <summary>Scale is left out.</summary>
    public class Transform : Component
    {
        private Transform parent;
        public Vector3 localPosition { get; set; }
        public Quaternion localRotation { get; set; } = Quaternion.identity;
        public Vector3 localScale { get; set; }
        public Vector3 forward { get { return rotation * Vector3.forward; } }

        public Vector3 position
        {
            get { return parent == null ? localPosition : parent.TransformPoint(localPosition); }
            set { localPosition = parent == null ? value : Quaternion.Inverse(parent.rotation) * (value - parent.position); }
        }

        public Quaternion rotation
        {
            get { return parent == null ? localRotation : parent.rotation * localRotation; }
            set { localRotation = parent == null ? value : Quaternion.Inverse(parent.rotation) * value; }
        }

        public Vector3 TransformPoint(Vector3 point) { return position + rotation * point; }

        public void SetParent(Transform parent, bool worldPositionStays)
        {
            Vector3 place = position;
            Quaternion turn = rotation;
            this.parent = parent;
            if (worldPositionStays)
            {
                position = place;
                rotation = turn;
            }
        }
    }
}
