// NOT UNITY. A hand-written declaration of just the Unity API that the package uses, written from Unity's public documentation, so
// that the C# compiler can check the package without an engine. Vectors, transforms, textures in memory and the player loop behave
// as documented, as far as tests/unity/components needs them; everything else does nothing. That the package behaves in the engine
// is not shown by it.
using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Sapiens.ComponentTests")]

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
        public Transform transform { get; internal set; }
        internal object Neighbour;
        public T GetComponent<T>() { return (T)Neighbour; }
    }

    public class Behaviour : Component
    {
        public bool enabled { get; set; }
        public bool isActiveAndEnabled { get { return enabled; } }
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

    public sealed class Camera : Behaviour
    {
        public static Camera main { get { return null; } }
    }

    public class Animator : Behaviour
    {
        internal readonly Dictionary<HumanBodyBones, Transform> Bones = new Dictionary<HumanBodyBones, Transform>();
        public bool isHuman { get { return Bones.Count > 0; } }
        public Transform GetBoneTransform(HumanBodyBones bone)
        {
            Transform found;
            return Bones.TryGetValue(bone, out found) ? found : null;
        }
    }

    public enum HumanBodyBones
    {
        Hips, LeftUpperLeg, RightUpperLeg, LeftLowerLeg, RightLowerLeg, LeftFoot, RightFoot,
        LeftUpperArm = 13, RightUpperArm, LeftLowerArm, RightLowerArm, LeftHand, RightHand,
    }

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
        public static Exception LastException;
        public static void LogException(Exception exception) { LastException = exception; }
        public static void LogException(Exception exception, Object context) { LastException = exception; }
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

    public struct Vector4
    {
        public static implicit operator Vector4(Vector3 v) { return new Vector4(); }
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
