// NOT NUNIT. See UnityEngine.cs.
using System;

namespace NUnit.Framework
{
    [AttributeUsage(AttributeTargets.Method)] public sealed class TestAttribute : Attribute { }

    public delegate void TestDelegate();

    public static class Assert
    {
        public static void That(bool condition) { }
        public static void AreEqual(object expected, object actual, string message) { }
        public static T Throws<T>(TestDelegate code) where T : Exception { return null; }
    }
}
