// NOT UNITY. A hand-written declaration of just the Unity API that the package uses, written from Unity's public documentation, so
// that the C# compiler can check the package without an engine. Nothing here does anything; that the package behaves in the engine is
// not shown by it.
using System;
using System.Collections.Generic;

namespace UnityEngine
{
    public class Object
    {
        public string name { get; set; }
        public static void Destroy(Object target) { }
        public static bool operator ==(Object a, Object b) { return ReferenceEquals(a, b); }
        public static bool operator !=(Object a, Object b) { return !ReferenceEquals(a, b); }
        public override bool Equals(object other) { return ReferenceEquals(this, other); }
        public override int GetHashCode() { return 0; }
    }

    public class Component : Object
    {
        public GameObject gameObject { get { return null; } }
        public Transform transform { get { return null; } }
        public T GetComponent<T>() { return default(T); }
    }

    public class Behaviour : Component
    {
        public bool enabled { get; set; }
        public bool isActiveAndEnabled { get { return false; } }
    }

    public class MonoBehaviour : Behaviour { }

    public sealed class GameObject : Object
    {
        public GameObject(string name) { }
        public Transform transform { get { return null; } }
        public T GetComponent<T>() { return default(T); }
        public T AddComponent<T>() where T : Component { return null; }
        public static GameObject CreatePrimitive(PrimitiveType type) { return null; }
    }

    public enum PrimitiveType { Sphere, Capsule, Cylinder, Cube, Plane, Quad }

    public class Transform : Component
    {
        public Vector3 position { get; set; }
        public Vector3 localPosition { get; set; }
        public Vector3 localScale { get; set; }
        public Vector3 forward { get; set; }
        public Quaternion rotation { get; set; }
        public Quaternion localRotation { get; set; }
        public Vector3 TransformPoint(Vector3 point) { return point; }
        public void SetParent(Transform parent, bool worldPositionStays) { }
    }

    public sealed class Camera : Behaviour
    {
        public static Camera main { get { return null; } }
    }

    public class Animator : Behaviour
    {
        public bool isHuman { get { return false; } }
        public Transform GetBoneTransform(HumanBodyBones bone) { return null; }
    }

    public enum HumanBodyBones { Hips }

    [AttributeUsage(AttributeTargets.Field)] public sealed class SerializeField : Attribute { }
    [AttributeUsage(AttributeTargets.Field)] public sealed class TooltipAttribute : Attribute { public TooltipAttribute(string tooltip) { } }
    [AttributeUsage(AttributeTargets.Field)] public sealed class RangeAttribute : Attribute { public RangeAttribute(float min, float max) { } }
    [AttributeUsage(AttributeTargets.Class)] public sealed class AddComponentMenu : Attribute { public AddComponentMenu(string menuName) { } }
    [AttributeUsage(AttributeTargets.Class)] public sealed class DisallowMultipleComponent : Attribute { }
    [AttributeUsage(AttributeTargets.Class)] public sealed class RequireComponent : Attribute { public RequireComponent(Type type) { } }

    public enum RuntimeInitializeLoadType { AfterSceneLoad, BeforeSceneLoad, AfterAssembliesLoaded, BeforeSplashScreen, SubsystemRegistration }

    [AttributeUsage(AttributeTargets.Method)]
    public sealed class RuntimeInitializeOnLoadMethodAttribute : Attribute
    {
        public RuntimeInitializeOnLoadMethodAttribute(RuntimeInitializeLoadType loadType) { }
    }

    public static class Application
    {
        public static event Action quitting { add { } remove { } }
        public static string streamingAssetsPath { get { return ""; } }
    }

    public static class Debug
    {
        public static void Log(object message) { }
        public static void LogWarning(object message, Object context) { }
        public static void LogError(object message) { }
        public static void LogError(object message, Object context) { }
        public static void LogException(Exception exception) { }
        public static void LogException(Exception exception, Object context) { }
    }

    public static class Time
    {
        public static float time { get { return 0; } }
        public static double realtimeSinceStartupAsDouble { get { return 0; } }
    }

    public static class Mathf
    {
        public const float PI = 3.14159274f;
        public static float Sqrt(float f) { return f; }
        public static float Cos(float f) { return f; }
        public static float Sin(float f) { return f; }
    }

    public struct Vector2Int
    {
        public Vector2Int(int x, int y) { }
        public int x { get { return 0; } }
        public int y { get { return 0; } }
    }

    public struct Vector3
    {
        public float x, y, z;
        public Vector3(float x, float y, float z) { this.x = x; this.y = y; this.z = z; }
        public static Vector3 zero { get { return new Vector3(); } }
        public static Vector3 one { get { return new Vector3(); } }
        public static Vector3 up { get { return new Vector3(); } }
        public static Vector3 down { get { return new Vector3(); } }
        public static Vector3 right { get { return new Vector3(); } }
        public static Vector3 forward { get { return new Vector3(); } }
        public static Vector3 back { get { return new Vector3(); } }
        public float magnitude { get { return 0; } }
        public float sqrMagnitude { get { return 0; } }
        public Vector3 normalized { get { return this; } }
        public static Vector3 Cross(Vector3 a, Vector3 b) { return a; }
        public static Vector3 Lerp(Vector3 a, Vector3 b, float t) { return a; }
        public static Vector3 operator +(Vector3 a, Vector3 b) { return a; }
        public static Vector3 operator -(Vector3 a, Vector3 b) { return a; }
        public static Vector3 operator *(Vector3 a, float d) { return a; }
    }

    public struct Vector4
    {
        public static implicit operator Vector4(Vector3 v) { return new Vector4(); }
    }

    public struct Quaternion
    {
        public Quaternion(float x, float y, float z, float w) { }
        public static Quaternion Inverse(Quaternion q) { return q; }
        public static Quaternion LookRotation(Vector3 forward, Vector3 upwards) { return new Quaternion(); }
        public static Quaternion FromToRotation(Vector3 from, Vector3 to) { return new Quaternion(); }
        public static Quaternion Slerp(Quaternion a, Quaternion b, float t) { return a; }
        public static Quaternion operator *(Quaternion a, Quaternion b) { return a; }
        public static Vector3 operator *(Quaternion q, Vector3 v) { return v; }
    }

    public struct Color
    {
        public Color(float r, float g, float b) { }
    }

    public struct Color32
    {
        public Color32(byte r, byte g, byte b, byte a) { }
        public static implicit operator Color(Color32 c) { return new Color(); }
    }

    public struct Bounds
    {
        public Bounds(Vector3 center, Vector3 size) { }
    }
}
