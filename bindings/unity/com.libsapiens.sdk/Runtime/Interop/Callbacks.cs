using System;
using System.Collections.Generic;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Threading;

namespace Sapiens.Interop
{
    /// <summary>What objects do when everything is shut down under them.</summary>
    internal interface IShutDown
    {
        void OnShutDown();
    }

    /// <summary>The functions the library calls. They are static, and find their object by a number that goes through user_data:
    /// one that is gone is not found, and nothing dangles. No exception leaves them.</summary>
    internal static class Callbacks
    {
        private sealed class Entry
        {
            internal WeakReference Target;
            internal object Held;
        }

        private static readonly Dictionary<long, Entry> Table = new Dictionary<long, Entry>();
        private static long last;

        [ThreadStatic] private static bool collecting;
        [ThreadStatic] private static Exception first;

        // The delegates live as long as the code: the library keeps their pointers.
        private static readonly NativeLogCallback LogDelegate = OnLog;
        private static readonly NativeProgressCallback ProgressDelegate = OnProgress;
        private static readonly NativeResultCallback ResultDelegate = OnResult;
        private static readonly NativeReleaseCallback ReleaseDelegate = OnRelease;

        internal static readonly IntPtr Log = Marshal.GetFunctionPointerForDelegate(LogDelegate);
        internal static readonly IntPtr Progress = Marshal.GetFunctionPointerForDelegate(ProgressDelegate);
        internal static readonly IntPtr Result = Marshal.GetFunctionPointerForDelegate(ResultDelegate);
        internal static readonly IntPtr Release = Marshal.GetFunctionPointerForDelegate(ReleaseDelegate);

        /// <summary>Gives an object a number for user_data. It is not kept alive by it.</summary>
        internal static IntPtr Add(object target)
        {
            lock (Table)
            {
                last++;
                Table.Add(last, new Entry { Target = new WeakReference(target) });
                return new IntPtr(last);
            }
        }

        internal static void Remove(IntPtr number)
        {
            lock (Table)
            {
                Table.Remove(number.ToInt64());
            }
        }

        /// <summary>Keeps the object of a number alive, or does so no more.</summary>
        internal static void Hold(IntPtr number, object target)
        {
            lock (Table)
            {
                Entry entry;
                if (Table.TryGetValue(number.ToInt64(), out entry))
                {
                    entry.Held = target;
                }
            }
        }

        internal static int Count
        {
            get
            {
                lock (Table)
                {
                    return Table.Count;
                }
            }
        }

        internal static bool IsCollecting
        {
            get { return collecting; }
        }

        private static object Find(IntPtr number)
        {
            lock (Table)
            {
                Entry entry;
                return Table.TryGetValue(number.ToInt64(), out entry) ? entry.Target.Target : null;
            }
        }

        /// <summary>Tells every living object that the library has ended.</summary>
        internal static void ShutDown()
        {
            var targets = new List<IShutDown>();
            lock (Table)
            {
                foreach (Entry entry in Table.Values)
                {
                    var target = entry.Target.Target as IShutDown;
                    if (target != null)
                    {
                        targets.Add(target);
                    }
                }
            }
            foreach (IShutDown target in targets)
            {
                target.OnShutDown();
            }
        }

        /// <summary>From now on exceptions of callbacks on this thread are kept for <see cref="Rethrow"/>.</summary>
        internal static void Collect()
        {
            collecting = true;
            first = null;
        }

        /// <summary>Throws the first exception since <see cref="Collect"/>, if there was one.</summary>
        internal static void Rethrow()
        {
            Exception thrown = first;
            collecting = false;
            first = null;
            if (thrown != null)
            {
                ExceptionDispatchInfo.Capture(thrown).Throw();
            }
        }

        private static void Caught(Exception exception)
        {
            if (!collecting)
            {
                SapiensLibrary.ReportCallbackFault(exception);
            }
            else if (first == null)
            {
                first = exception;
            }
        }

        [MonoPInvokeCallback(typeof(NativeLogCallback))]
        private static void OnLog(IntPtr userData, int level, IntPtr message)
        {
            try
            {
                var sink = Find(userData) as LogSink;
                if (sink != null)
                {
                    sink.Write((SapiensLogLevel)level, Utf8.Read(message));
                }
            }
            catch (Exception exception)
            {
                Caught(exception);
            }
        }

        [MonoPInvokeCallback(typeof(NativeProgressCallback))]
        private static int OnProgress(IntPtr userData, IntPtr stage, ulong done, ulong total)
        {
            try
            {
                var watcher = Find(userData) as LoadWatcher;
                return watcher == null || watcher.GoesOn(Utf8.Read(stage), done, total) ? 0 : 1;
            }
            catch (Exception exception)
            {
                Caught(exception);
                return 1;
            }
        }

        [MonoPInvokeCallback(typeof(NativeResultCallback))]
        private static void OnResult(IntPtr userData, IntPtr stream, IntPtr result)
        {
            try
            {
                var target = Find(userData) as SapiensStream;
                if (target != null)
                {
                    target.Receive(result);
                }
            }
            catch (Exception exception)
            {
                Caught(exception);
            }
        }

        [MonoPInvokeCallback(typeof(NativeReleaseCallback))]
        private static void OnRelease(IntPtr userData, ulong frame)
        {
            try
            {
                var buffer = Find(userData) as SapiensPixelBuffer;
                if (buffer != null)
                {
                    buffer.GiveBack();
                }
            }
            catch (Exception exception)
            {
                Caught(exception);
            }
        }
    }
}
