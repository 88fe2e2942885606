using System;
using System.Runtime.ExceptionServices;
using System.Threading;
using Sapiens.Interop;

namespace Sapiens
{
    /// <summary>Where log messages go.</summary>
    internal sealed class LogSink
    {
        private readonly Action<SapiensLogLevel, string> log;

        internal LogSink(Action<SapiensLogLevel, string> log)
        {
            this.log = log;
            Number = Callbacks.Add(this);
        }

        internal IntPtr Number { get; private set; }

        internal void Write(SapiensLogLevel level, string message)
        {
            log(level, message);
        }
    }

    /// <summary>Hears of the progress of one load, and ends it if the host wants so or its handler throws.</summary>
    internal sealed class LoadWatcher : IDisposable
    {
        private readonly Action<SapiensLoadProgress> progress;
        private readonly CancellationToken cancellation;
        private Exception thrown;

        internal LoadWatcher(Action<SapiensLoadProgress> progress, CancellationToken cancellation)
        {
            this.progress = progress;
            this.cancellation = cancellation;
            Number = Callbacks.Add(this);
        }

        internal IntPtr Number { get; private set; }

        internal bool GoesOn(string stage, ulong done, ulong total)
        {
            try
            {
                if (progress != null)
                {
                    progress(new SapiensLoadProgress { Stage = stage, Done = (long)done, Total = (long)total });
                }
            }
            catch (Exception exception)
            {
                thrown = exception;
                return false;
            }
            return !cancellation.IsCancellationRequested;
        }

        internal void Rethrow()
        {
            if (thrown != null)
            {
                ExceptionDispatchInfo.Capture(thrown).Throw();
            }
        }

        public void Dispose()
        {
            Callbacks.Remove(Number);
        }
    }
}
