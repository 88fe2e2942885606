using System;

namespace Sapiens.Interop
{
    /// <summary>Names the type of sapiens.h that a blittable struct or an enumeration is the twin of. Tests compare sizes, offsets
    /// and numbers of every type that carries it with those of the C header.</summary>
    [AttributeUsage(AttributeTargets.Struct | AttributeTargets.Enum)]
    internal sealed class NativeTwinAttribute : Attribute
    {
        public NativeTwinAttribute(string name)
        {
            Name = name;
        }

        public string Name { get; private set; }
    }

    /// <summary>IL2CPP makes a function pointer of a static method only if it carries an attribute of this name; it looks at the
    /// name alone, so that code without a reference to the engine can have its own.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    internal sealed class MonoPInvokeCallbackAttribute : Attribute
    {
        public MonoPInvokeCallbackAttribute(Type type)
        {
            Type = type;
        }

        public Type Type { get; private set; }
    }
}
