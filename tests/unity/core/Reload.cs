// What an editor does when it compiles scripts: the domain with all its objects goes, the process and the library stay.
using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using Sapiens;

internal static class Reload
{
    internal static void Run()
    {
        // The first round starts Mono's own threads, and a busy machine a few more of its pool later; a thread of ours that stays
        // would be one more after every round.
        const int Rounds = 6;
        var threads = new List<int>();
        for (int round = 0; round < Rounds; round++)
        {
            AppDomain domain = AppDomain.CreateDomain("scripts " + round);
            domain.DoCallBack(Scripts);
            Check.Equal("done", domain.GetData("scripts"), "the scripts of round " + round);
            AppDomain.Unload(domain);
            threads.Add(Directory.GetDirectories("/proc/self/task").Length);
        }
        Check.That(threads[Rounds - 1] - threads[0] < Rounds - 1, "no thread stays: after each reload " + string.Join(", ", threads));
        using (SapiensContext context = Check.WithDemo(SapiensTask.Pose))
        using (SapiensStream stream = context.CreateStream())
        {
            stream.Submit(Check.Pixels, Check.Image());
            Check.That(stream.Poll(SapiensStream.WaitForever) != null, "the library works on");
        }
    }

    /// <summary>Leaves everything open: callbacks of every kind, frames in work, borrowed pixels. Then what the package does before a
    /// reload.</summary>
    private static void Scripts()
    {
        SapiensContext context = Check.WithDemo(SapiensTask.Pose);
        SapiensStream events = context.CreateStream(new SapiensStreamOptions { Delivery = SapiensDelivery.Events });
        SapiensStream immediate = context.CreateStream(new SapiensStreamOptions { Delivery = SapiensDelivery.Immediate });
        int count = 0;
        events.ResultReceived += (from, result) => Interlocked.Increment(ref count);
        immediate.ResultReceived += (from, result) => Interlocked.Increment(ref count);
        events.NextAsync();
        immediate.Submit(Check.Pixels, Check.Image());
        Flow.Until(() => { context.ProcessEvents(); return Volatile.Read(ref count) > 0; }, "a callback");
        var buffer = new SapiensPixelBuffer(Check.Pixels.Length);
        SapiensImage image = Check.Image();
        ulong frame;
        events.TrySubmit(buffer, ref image, null, 0, out frame);
        immediate.Submit(Check.Pixels, Check.Image());
        SapiensLibrary.ShutdownAll();
        int atTheEnd = Volatile.Read(ref count);
        Thread.Sleep(50);
        Check.Equal(atTheEnd, Volatile.Read(ref count), "callbacks after the end");
        AppDomain.CurrentDomain.SetData("scripts", buffer.IsBusy ? "the buffer is busy" : "done");
    }
}
