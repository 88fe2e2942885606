// What the tests of the C# core share: checks that say where and what, pictures, a context with the demo model.
using System;
using System.IO;
using System.Reflection;
using System.Runtime.CompilerServices;
using Sapiens;

internal static class Check
{
    internal static int Count;

    internal static void That(bool holds, string what, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Count++;
        if (!holds)
        {
            throw new Exception(string.Format("{0}:{1}: {2} does not hold", Path.GetFileName(file), line, what));
        }
    }

    internal static void Equal<T>(T expected, T found, string what, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        That(Equals(expected, found), string.Format("{0}: expected {1}, found {2};", what, expected, found), file, line);
    }

    internal static void Near(double expected, double found, double tolerance, string what, [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        That(Math.Abs(expected - found) <= tolerance, string.Format("{0}: expected {1}, found {2};", what, expected, found), file, line);
    }

    /// <summary>The call throws exactly this, and the message has these words.</summary>
    internal static T Throws<T>(Action call, string says, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        where T : Exception
    {
        Exception thrown = null;
        try
        {
            call();
        }
        catch (Exception exception)
        {
            thrown = exception is AggregateException ? exception.InnerException : exception;
        }
        That(thrown != null, "a " + typeof(T).Name + " that says `" + says + "`", file, line);
        That(thrown is T && thrown.Message.Contains(says),
            string.Format("expected {0} that says `{1}`, found {2}: {3}", typeof(T).Name, says, thrown.GetType().Name, thrown.Message),
            file, line);
        return (T)thrown;
    }

    /// <summary>The argument an exception names.</summary>
    internal static void Names(string argument, ArgumentException thrown, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Equal(argument, thrown.ParamName, "the argument named by `" + thrown.Message + "`", file, line);
    }

    /// <summary>Bytes this thread has allocated. Mono and CoreCLR have it; their reference assemblies for C# 7.2 do not.</summary>
    internal static readonly Func<long> Allocated = (Func<long>)Delegate.CreateDelegate(typeof(Func<long>),
        typeof(GC).GetMethod("GetAllocatedBytesForCurrentThread", BindingFlags.Public | BindingFlags.Static));

    internal const int Width = 96;
    internal const int Height = 128;

    /// <summary>A figure on a gradient, RGB.</summary>
    internal static readonly byte[] Pixels = Paint();

    internal static SapiensImage Image()
    {
        return new SapiensImage { Format = SapiensPixelFormat.Rgb8, Width = Width, Height = Height, RowStride = 3 * Width };
    }

    internal static SapiensContext WithDemo(SapiensTask tasks = SapiensTask.All)
    {
        var context = new SapiensContext();
        context.LoadDemo(new SapiensLoadOptions { Tasks = tasks });
        return context;
    }

    private static byte[] Paint()
    {
        var pixels = new byte[Width * Height * 3];
        for (int y = 0; y < Height; y++)
        {
            for (int x = 0; x < Width; x++)
            {
                int at = (y * Width + x) * 3;
                bool inside = x > Width / 3 && x < 2 * Width / 3 && y > Height / 6;
                pixels[at] = (byte)(inside ? 200 : 2 * y);
                pixels[at + 1] = (byte)(inside ? 140 : 2 * x);
                pixels[at + 2] = (byte)(inside ? 110 : 90);
            }
        }
        return pixels;
    }
}
