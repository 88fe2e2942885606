using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Sapiens
{
    public sealed partial class SapiensStream
    {
        /// <summary>How soon a cancelled wait ends, in milliseconds.</summary>
        private const int Patience = 50;

        private readonly List<TaskCompletionSource<SapiensResult>> waiting = new List<TaskCompletionSource<SapiensResult>>();

        /// <summary>The next result; dispose it. With delivery Poll a thread of the pool waits for it; with Events it comes inside
        /// <see cref="SapiensContext.ProcessEvents"/>. Costs a few objects per call: use
        /// <see cref="TryPoll(SapiensResult,int)"/> or the event where frames count.</summary>
        public Task<SapiensResult> NextAsync(CancellationToken cancellation = default(CancellationToken))
        {
            if (delivery == SapiensDelivery.Poll)
            {
                return Task.Run(() => WaitForNext(cancellation), cancellation);
            }
            if (IsDisposed)
            {
                throw new ObjectDisposedException("SapiensStream");
            }
            var source = new TaskCompletionSource<SapiensResult>(TaskCreationOptions.RunContinuationsAsynchronously);
            lock (waiting)
            {
                waiting.Add(source);
            }
            if (cancellation.CanBeCanceled)
            {
                CancellationTokenRegistration registration = cancellation.Register(() => source.TrySetCanceled(cancellation));
                source.Task.ContinueWith(done => registration.Dispose(), TaskScheduler.Default);
            }
            return source.Task;
        }

        private SapiensResult WaitForNext(CancellationToken cancellation)
        {
            var result = new SapiensResult();
            try
            {
                do
                {
                    cancellation.ThrowIfCancellationRequested();
                }
                while (!TryPoll(result, Patience));
                return result;
            }
            catch
            {
                result.Dispose();
                throw;
            }
        }

        /// <summary>The oldest that still waits gets a reference of its own.</summary>
        private void GiveToWaiting(SapiensResult result)
        {
            SapiensResult shared = null;
            lock (waiting)
            {
                while (waiting.Count > 0)
                {
                    shared = shared ?? result.Share();
                    TaskCompletionSource<SapiensResult> oldest = waiting[0];
                    waiting.RemoveAt(0);
                    if (oldest.TrySetResult(shared))
                    {
                        return;
                    }
                }
            }
            if (shared != null)
            {
                shared.Dispose(); // everybody had given up
            }
        }

        private void EndWaiting()
        {
            lock (waiting)
            {
                foreach (TaskCompletionSource<SapiensResult> one in waiting)
                {
                    one.TrySetException(new ObjectDisposedException("SapiensStream"));
                }
                waiting.Clear();
            }
        }
    }
}
