// Bad input and faults: exceptions of .NET that name the argument, never a crash.
using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using Sapiens;
using Sapiens.Interop;

internal static class Faults
{
    internal static void Arguments(string checkpoint)
    {
        Check.Names("options", Check.Throws<ArgumentNullException>(() => new SapiensContext(null), "options"));
        Check.Names("options.devices", Check.Throws<ArgumentException>(() => new SapiensContext(new SapiensContextOptions { Devices = "abacus" }), "abacus"));
        Check.Names("options.Threads", Check.Throws<ArgumentOutOfRangeException>(() => new SapiensContext(new SapiensContextOptions { Threads = -1 }), "negative"));
        Check.Names("options.Devices", Check.Throws<ArgumentException>(() => new SapiensContext(new SapiensContextOptions { Devices = "cpu\0,cuda" }), "zero"));
        Check.Throws<ArgumentException>(() => new SapiensContext(new SapiensContextOptions { LogLevel = (SapiensLogLevel)99, Log = (l, m) => { } }), "99");
        var library = Check.Throws<SapiensException>(() => new SapiensContext(new SapiensContextOptions { OnnxRuntimePath = "/nowhere/ort.so" }), "/nowhere/ort.so");
        Check.Equal(SapiensStatus.Library, library.Status, "status");
        using (var context = new SapiensContext())
        {
            Check.Throws<FileNotFoundException>(() => context.Load("/nowhere/ä.safetensors"), "ä.safetensors");
            Check.Names("path", Check.Throws<ArgumentNullException>(() => context.Load(null), "path"));
            Check.Names("path", Check.Throws<ArgumentException>(() => context.Load(""), "empty"));
            Check.Names("data", Check.Throws<ArgumentNullException>(() => context.LoadMemory("x", null), "data"));
            byte[] model = File.ReadAllBytes(checkpoint);
            Check.Equal(SapiensStatus.CorruptModel, Check.Throws<SapiensException>(() => context.LoadMemory("cut", model.Take(1000).ToArray()), "cut").Status, "a cut model");
            Check.Throws<SapiensException>(() => context.LoadMemory("garbage", Encoding.UTF8.GetBytes("no model at all, but a text")), "garbage");
            Check.Throws<SapiensException>(() => context.TryDevice("cuda:0"), "cuda");
            Check.Throws<ArgumentException>(() => context.Unload(77), "77");
            Check.Throws<ArgumentException>(() => context.LoadDemo(new SapiensLoadOptions { InputWidth = 7, InputHeight = 7 }), "input");
            uint id = context.LoadMemory("demo from memory", model, new SapiensLoadOptions { Tasks = SapiensTask.Pose });
            Check.Equal("demo from memory", context.Models.Single().Name, "the model's name");
            Check.Throws<ArgumentException>(() => context.Load(checkpoint, new SapiensLoadOptions { Tasks = SapiensTask.Pose }), "pose");
            context.Unload(id);
            Check.Names("options.depth", Check.Throws<ArgumentException>(() => context.CreateStream(new SapiensStreamOptions { Depth = 65 }), "65"));
            Check.Names("options.policy", Check.Throws<ArgumentException>(() => context.CreateStream(new SapiensStreamOptions { Policy = (SapiensPolicy)9 }), "9"));
            Streams(context);
        }
    }

    private static void Streams(SapiensContext context)
    {
        using (SapiensStream stream = context.CreateStream())
        {
            SapiensImage image = Check.Image();
            ulong frame;
            Check.Names("pixels", Check.Throws<ArgumentNullException>(() => stream.TrySubmit((byte[])null, ref image, null, 0, out frame), "pixels"));
            Check.Names("pixels", Check.Throws<ArgumentException>(() => stream.TrySubmit(new byte[100], ref image, null, 0, out frame), "100 bytes"));
            Check.Names("image.data", Check.Throws<ArgumentException>(() => stream.TrySubmit(ref image, null, 0, out frame), "NULL"));
            foreach (Func<SapiensImage, SapiensImage> spoil in new Func<SapiensImage, SapiensImage>[]
            {
                i => { i.Width = 0; return i; }, i => { i.Width = -1; return i; }, i => { i.Height = -5; return i; },
                i => { i.RowStride = 10; return i; }, i => { i.RowStride = -288; return i; }, i => { i.RowStride = long.MaxValue; return i; },
                i => { i.Format = 0; return i; }, i => { i.Format = (SapiensPixelFormat)77; return i; }, i => { i.Orientation = (SapiensOrientation)9; return i; },
                i => { i.Height = int.MaxValue; return i; }, i => { i.Format = SapiensPixelFormat.Nv12; return i; },
                i => { i.Color = SapiensColor.Bt601Full; return i; }, i => { i.Width = int.MaxValue; return i; },
                i => { i.ChromaStride = 3; return i; },
            })
            {
                SapiensImage bad = spoil(Check.Image());
                Check.Throws<Exception>(() => stream.TrySubmit(Check.Pixels, ref bad, null, 0, out frame), "");
            }
            Action<SapiensBox[], int, string> boxes = (all, count, says) => Check.Throws<ArgumentException>(
                () => stream.TrySubmit(Check.Pixels, ref image, new SapiensSubmitOptions { Boxes = all, BoxCount = count }, 0, out frame), says);
            boxes(new SapiensBox[1], -1, "box");
            boxes(new SapiensBox[257], -1, "257");
            boxes(new SapiensBox[1], 2, "BoxCount");
            boxes(null, 1, "BoxCount");
            boxes(new[] { new SapiensBox { X = float.NaN, Width = 10, Height = 10 } }, -1, "box");
            Check.Names("timeoutMs", Check.Throws<ArgumentOutOfRangeException>(() => stream.Poll(-2), "timeoutMs"));
            Check.Names("path", Check.Throws<ArgumentNullException>(() => stream.SubmitFile(null), "path"));
            Check.Throws<FileNotFoundException>(() => stream.SubmitFile("/nowhere.jpg"), "/nowhere.jpg");
            Check.Throws<ArgumentException>(() => stream.SetTask((SapiensTask)3, new SapiensTaskOptions()), "3");
            Check.Names("options.EveryN", Check.Throws<ArgumentOutOfRangeException>(() => stream.SetTask(SapiensTask.Pose, new SapiensTaskOptions { EveryN = -1 }), "negative"));
            var buffer = new SapiensPixelBuffer(10);
            Check.Names("buffer", Check.Throws<ArgumentException>(() => stream.TrySubmit(buffer, ref image, null, 0, out frame), "10 bytes"));
            buffer.Dispose();
            buffer.Dispose();
            Check.Throws<Exception>(() => stream.TrySubmit(buffer, ref image, null, 0, out frame), "");
            stream.Dispose();
            stream.Dispose();
            Check.Throws<ObjectDisposedException>(() => stream.Poll(0), "");
            Check.Throws<ObjectDisposedException>(() => stream.NextAsync().Wait(), "");
            Check.Throws<ObjectDisposedException>(() => stream.TrySubmit(Check.Pixels, ref image, null, 0, out frame), "");
        }
    }

    private static unsafe void Copies(SapiensResult result)
    {
        SapiensMap map;
        Check.That(result.TryGetMap(SapiensResult.Scene, SapiensMapKind.Labels, out map), "labels");
        var copy = new byte[map.Width * map.Height];
        fixed (byte* data = copy)
        {
            var target = new SapiensMapTarget { Data = (IntPtr)data, RowStride = map.Width, Size = (ulong)copy.Length };
            Check.That(result.TryCopyMap(SapiensResult.Scene, SapiensMapKind.Labels, target), "labels are copied");
            for (int y = 0; y < map.Height; y++)
            {
                Check.Equal(((byte*)map.Data)[y * map.RowStride], copy[y * map.Width], "label " + y);
            }
            Check.That(!result.TryCopyMap(0, SapiensMapKind.Labels, target), "no person has labels of its own");
            target.Size--;
            Check.Throws<ArgumentException>(() => result.TryCopyMap(SapiensResult.Scene, SapiensMapKind.Labels, target), "target->size");
        }
        // As one on a device would be seen; nothing is read there.
        var native = new NativeMap { memory = (int)SapiensMemory.Cuda, element = (int)SapiensElement.U8, width = 4, height = 4, channels = 1, data = (IntPtr)64 };
        var away = new SapiensMap(result, ref native);
        Check.That(away.Memory == SapiensMemory.Cuda && map.Memory == SapiensMemory.Cpu, "a map says where it lies");
        Check.Throws<InvalidOperationException>(() => away.ByteAt(0, 0, 0), "TryCopyMap");
        Check.Throws<InvalidOperationException>(() => SapiensMapCopy.ToArray(ref away, copy, 1, false), "TryCopyMap");
        Check.That(result.Info.ToHostBytes > copy.Length && result.Info.ToDeviceBytes > 0, "what has crossed is counted");
    }

    internal static void Results()
    {
        using (SapiensContext context = Check.WithDemo(SapiensTask.Pose | SapiensTask.Seg))
        using (SapiensStream stream = context.CreateStream())
        {
            var empty = new SapiensResult();
            Check.Throws<InvalidOperationException>(() => Check.That(empty.Info.Frame == 0, ""), "empty");
            Check.Throws<InvalidOperationException>(() => empty.Share(), "empty");
            stream.Submit(Check.Pixels, Check.Image());
            SapiensResult result = stream.Poll(SapiensStream.WaitForever);
            SapiensPose pose;
            SapiensMap map;
            Check.Throws<ArgumentOutOfRangeException>(() => result.TryGetPose(-1, out pose), "counts from 0");
            Check.Names("person", Check.Throws<ArgumentException>(() => result.TryGetPose(5, out pose), "5"));
            Check.Names("person", Check.Throws<ArgumentException>(() => result.TryGetMap(-2, SapiensMapKind.Labels, out map), "-2"));
            Check.Names("kind", Check.Throws<ArgumentException>(() => result.TryGetMap(0, (SapiensMapKind)99, out map), "99"));
            string stage;
            Check.Names("index", Check.Throws<ArgumentException>(() => result.Timing(1000, out stage), "1000"));
            Check.That(!result.TryGetMapOrScene(0, SapiensMapKind.Normals, out map), "no normals in it");
            Copies(result);
            long crossed = (long)result.Info.ToHostBytes;
            using (SapiensStream staying = context.CreateStream(new SapiensStreamOptions { DeviceMaps = SapiensTask.Seg }))
            {
                staying.Submit(Check.Pixels, Check.Image());
                SapiensResult left = staying.Poll(SapiensStream.WaitForever);
                Check.That((long)left.Info.ToHostBytes < crossed / 2, "labels have not crossed");
                Check.That(left.TryGetMap(SapiensResult.Scene, SapiensMapKind.Labels, out map) && map.Memory == SapiensMemory.Cpu, "the processor is the device");
                SapiensMap usual;
                Check.That(result.TryGetMap(SapiensResult.Scene, SapiensMapKind.Labels, out usual), "labels");
                for (int y = 0; y < map.Height; y++)
                {
                    Check.Equal(usual.ByteAt(y % usual.Width, y, 0), map.ByteAt(y % map.Width, y, 0), "label in row " + y);
                }
                left.Dispose();
            }
            map = default(SapiensMap);
            Check.Throws<InvalidOperationException>(() => map.FloatAt(0, 0, 0), "empty");
            Check.That(result.TryGetMapOrScene(0, SapiensMapKind.Labels, out map) && result.TryGetPose(0, out pose), "parts and pose");
            result.TryGetPose(0, out pose);
            Check.Throws<ArgumentOutOfRangeException>(() => Check.That(pose[pose.Count].X == 0, ""), "index");
            Check.Throws<ArgumentOutOfRangeException>(() => Check.That(pose[-1].X == 0, ""), "index");
            Check.Names("destination", Check.Throws<ArgumentException>(() => pose.CopyTo(new SapiensKeypoint[3]), "3 of"));
            Check.Throws<InvalidOperationException>(() => map.FloatAt(0, 0, 0), "U8");
            Check.Throws<ArgumentOutOfRangeException>(() => map.ByteAt(map.Width, 0, 0), "outside");
            Check.Throws<ArgumentOutOfRangeException>(() => map.ByteAt(0, -1, 0), "outside");
            Check.Names("destination", Check.Throws<ArgumentException>(() => SapiensMapCopy.ToArray(ref map, new byte[5], 1, true), "room"));
            Check.Names("destination", Check.Throws<ArgumentNullException>(() => SapiensMapCopy.ToArray(ref map, (byte[])null, 1, true), "destination"));
            Check.Throws<ArgumentException>(() => UnitySpace.CopyVectors(ref map, new IntPtr(1), 1), "three");
            Check.Throws<IOException>(() => result.WriteJson("/nowhere/at/all.json"), "/nowhere/at");
            // A view must not read what is gone, whichever way it went.
            stream.Submit(Check.Pixels, Check.Image());
            Check.That(stream.TryPoll(result, SapiensStream.WaitForever), "another result");
            Check.Throws<ObjectDisposedException>(() => Check.That(pose[0].X == 0, ""), "filled anew");
            Check.Throws<ObjectDisposedException>(() => map.ByteAt(0, 0, 0), "filled anew");
            result.Dispose();
            result.Dispose();
            Check.Throws<ObjectDisposedException>(() => result.Share(), "");
            stream.Submit(Check.Pixels, Check.Image());
            Check.Throws<ObjectDisposedException>(() => stream.TryPoll(result, SapiensStream.WaitForever), "SapiensResult");
        }
    }

    internal static void Ends()
    {
        for (int round = 0; round < 3; round++)
        {
            SapiensContext context = Check.WithDemo(SapiensTask.Pose);
            SapiensStream stream = context.CreateStream();
            SapiensStream events = context.CreateStream(new SapiensStreamOptions { Delivery = SapiensDelivery.Events });
            var buffer = new SapiensPixelBuffer(Check.Pixels.Length);
            SapiensImage image = Check.Image();
            ulong frame;
            var waiting = stream.NextAsync();
            var orphan = events.NextAsync();
            using (SapiensResult result = waiting.Wait(0) ? waiting.Result : null)
            {
            }
            stream.TrySubmit(buffer, ref image, null, 0, out frame);
            SapiensLibrary.ShutdownAll();
            SapiensLibrary.ShutdownAll();
            Check.That(!buffer.IsBusy, "borrowed pixels are given back");
            Check.Throws<ObjectDisposedException>(() => orphan.Wait(), "");
            Check.Throws<ObjectDisposedException>(() => stream.TrySubmit(Check.Pixels, ref image, null, 0, out frame), "");
            Check.Throws<ObjectDisposedException>(context.ProcessEvents, "");
            Check.Throws<ObjectDisposedException>(() => context.CreateStream(), "");
            try
            {
                waiting.Result.Dispose();
            }
            catch (AggregateException thrown)
            {
                Check.That(thrown.InnerException is ObjectDisposedException, "the wait ends: " + thrown.InnerException);
            }
            buffer.Dispose();
            stream.Dispose();
            events.Dispose();
            context.Dispose();
            context.Dispose();
        }
    }

    /// <summary>A context that ends before its streams, and objects nobody disposes.</summary>
    internal static void Forgotten()
    {
        SapiensContext context = Check.WithDemo(SapiensTask.Pose);
        SapiensStream stream = context.CreateStream();
        context.Dispose();
        Check.Throws<ObjectDisposedException>(() => stream.Poll(0), "");
        stream.Dispose();
        Leave();
        for (int i = 0; i < 5; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            Thread.Sleep(10);
        }
    }

    private static void Leave()
    {
        for (int i = 0; i < 20; i++)
        {
            var context = new SapiensContext();
            context.CreateStream(new SapiensStreamOptions { Delivery = SapiensDelivery.Events });
            new SapiensPixelBuffer(1000);
        }
    }
}
