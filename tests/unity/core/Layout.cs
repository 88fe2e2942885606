// Structs and enumerations of the binding against tests/data/abi.txt, which is what a C compiler says about sapiens.h.
using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using Sapiens;
using Sapiens.Interop;

internal static class Layout
{
    internal static void Run(string abiFile)
    {
        Dictionary<string, long> abi = File.ReadAllLines(abiFile).Select(line => line.Split(' ')).ToDictionary(w => w[0], w => long.Parse(w[1]));
        var unseen = new HashSet<string>(abi.Keys);
        Type[] types = typeof(SapiensContext).Assembly.GetTypes();
        foreach (Type type in types)
        {
            var twin = (NativeTwinAttribute)Attribute.GetCustomAttribute(type, typeof(NativeTwinAttribute));
            if (twin == null)
            {
                // A struct laid out for C without a twin would go unchecked.
                bool isForC = type.Namespace == "Sapiens.Interop" && type.IsValueType && !type.IsEnum && !type.IsNested;
                Check.That(!isForC, type.Name + " names its twin");
                continue;
            }
            if (type.IsEnum)
            {
                Numbers(type, twin.Name, abi, unseen);
            }
            else
            {
                Fields(type, twin.Name, abi, unseen);
            }
        }
        Constants(abi, unseen);
        Check.That(unseen.Count == 0, "every line of abi.txt has its twin in C#; without one: " + string.Join(", ", unseen.ToArray()));
        EveryFunctionIsThere();
    }

    private static void Fields(Type type, string name, Dictionary<string, long> abi, HashSet<string> unseen)
    {
        Check.Equal(abi[name], Marshal.SizeOf(type), name);
        unseen.Remove(name);
        foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
        {
            string key = abi.Keys.FirstOrDefault(k => k.StartsWith(name + ".") && Plain(k.Substring(name.Length + 1)) == Plain(field.Name));
            Check.That(key != null, name + "." + field.Name + " exists in C");
            Check.Equal(abi[key], Marshal.OffsetOf(type, field.Name).ToInt64(), key);
            unseen.Remove(key);
        }
        Check.That(type.IsLayoutSequential, name + " is laid out in order");
    }

    private static void Numbers(Type type, string name, Dictionary<string, long> abi, HashSet<string> unseen)
    {
        string prefix = "SAPIENS_" + Screaming(name.Substring("Sapiens".Length)) + "_";
        foreach (string member in Enum.GetNames(type))
        {
            string key = abi.Keys.FirstOrDefault(k => k.StartsWith(prefix) && Plain(k.Substring(prefix.Length)) == Plain(member));
            long number = Convert.ToInt64(Enum.Parse(type, member));
            if (key == null)
            {
                Check.That(number == 0 && type == typeof(SapiensTask), name + "." + member + " exists in C");
                continue;
            }
            Check.Equal(abi[key], number, key);
            unseen.Remove(key);
        }
    }

    private static void Constants(Dictionary<string, long> abi, HashSet<string> unseen)
    {
        var values = new Dictionary<string, long>
        {
            { "SAPIENS_ABI_VERSION", Native.AbiVersion },
            { "SAPIENS_WAIT_FOREVER", Native.WaitForever },
            { "SAPIENS_SCENE", SapiensResult.Scene },
            { "SAPIENS_SUBMIT_FLAGS_BORROW", Native.SubmitFlagsBorrow },
            { "SAPIENS_SUBMIT_FLAGS_IGNORE_CADENCE", Native.SubmitFlagsIgnoreCadence },
            { "SAPIENS_ALL_FRAMES", 0 }, // the default of SapiensStream.Cancel
            { "SAPIENS_VERSION_MAJOR", SapiensLibrary.Version.Major },
            { "SAPIENS_VERSION_MINOR", SapiensLibrary.Version.Minor },
            { "SAPIENS_VERSION_PATCH", SapiensLibrary.Version.Build },
        };
        foreach (KeyValuePair<string, long> value in values)
        {
            Check.Equal(abi[value.Key], value.Value, value.Key);
            unseen.Remove(value.Key);
        }
    }

    private static void EveryFunctionIsThere()
    {
        foreach (MethodInfo method in typeof(Native).GetMethods(BindingFlags.Static | BindingFlags.NonPublic))
        {
            if (method.Name.StartsWith("sapiens_"))
            {
                Marshal.Prelink(method); // throws if the library has no such export
                Check.Count++;
            }
        }
    }

    private static string Plain(string name)
    {
        return name.Replace("_", "").ToLowerInvariant();
    }

    private static string Screaming(string name)
    {
        return string.Concat(name.Select((c, i) => i > 0 && char.IsUpper(c) ? "_" + c : char.ToUpperInvariant(c).ToString()).ToArray());
    }
}
