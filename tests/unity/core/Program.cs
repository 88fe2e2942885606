// The engine-free core of the Unity package against the real library: one part per run, named by the first argument.
using System;

internal static class Program
{
    private static int Main(string[] arguments)
    {
        try
        {
            Run(arguments[0], arguments.Length > 1 ? arguments[1] : null);
            Console.WriteLine("{0} checks", Check.Count);
            Console.WriteLine(Check.Count > 0 ? "ok" : "nothing was checked");
            return Check.Count > 0 ? 0 : 1;
        }
        catch (Exception exception)
        {
            Console.Error.WriteLine(exception);
            return 1;
        }
    }

    private static void Run(string part, string argument)
    {
        switch (part)
        {
            case "layout": Layout.Run(argument); break;
            case "tables": Flow.Tables(); break;
            case "polling": Flow.Polling(argument); break;
            case "people": People.Run(argument); break;
            case "events": Flow.Events(); break;
            case "end inside": Flow.EndInside(); break;
            case "hammer": Hammer.Run(int.Parse(argument)); break;
            case "immediate": Flow.Immediate(); break;
            case "async": Flow.Async().Wait(); break;
            case "borrowing": Flow.Borrowing(); break;
            case "orientations": Flow.Orientations(); break;
            case "arguments": Faults.Arguments(argument); break;
            case "results": Faults.Results(); break;
            case "ends": Faults.Ends(); break;
            case "forgotten": Faults.Forgotten(); break;
            case "cycles": Endurance.Cycles(int.Parse(argument)); break;
            case "garbage": Endurance.Garbage(int.Parse(argument)); break;
            case "space": Space.Known(); break;
            case "rendered": Space.Rendered(argument); break;
            case "reload": Reload.Run(); break;
            case "missing": Missing(); break;
            default: throw new ArgumentException("no such part: " + part);
        }
    }

    /// <summary>Run where there is no native library.</summary>
    private static void Missing()
    {
        Check.Throws<Sapiens.SapiensException>(() => new Sapiens.SapiensContext(), "Plugins folder");
        Sapiens.SapiensLibrary.ShutdownAll();
    }
}
