using System;
using System.Runtime.InteropServices;
using System.Threading;
using Sapiens.Interop;

namespace Sapiens
{
    /// <summary>Memory for the pixels of a frame that is submitted without a copy. It is busy from the submit until the library has
    /// read it, and must not be written then.</summary>
    public sealed class SapiensPixelBuffer : IDisposable
    {
        private readonly IntPtr number;
        private IntPtr owned;
        private int busy;

        /// <summary>Memory of its own.</summary>
        public SapiensPixelBuffer(int bytes) : this(IntPtr.Zero, SapiensStreamOptions.Count(bytes, "bytes"))
        {
            owned = Marshal.AllocHGlobal(bytes);
            Data = owned;
        }

        /// <summary>Memory of the host, such as that of a NativeArray; it must outlive this object.</summary>
        public SapiensPixelBuffer(IntPtr data, long bytes)
        {
            Data = data;
            Bytes = bytes;
            number = Callbacks.Add(this);
        }

        ~SapiensPixelBuffer()
        {
            // While the library reads it this object is held, so it is free here.
            Free();
        }

        public IntPtr Data { get; private set; }

        public long Bytes { get; private set; }

        /// <summary>Whether the library may still read it.</summary>
        public bool IsBusy
        {
            get { return Volatile.Read(ref busy) != 0; }
        }

        internal IntPtr Number
        {
            get { return number; }
        }

        internal void Lend()
        {
            if (Data == IntPtr.Zero)
            {
                throw new ObjectDisposedException("buffer");
            }
            if (Interlocked.CompareExchange(ref busy, 1, 0) != 0)
            {
                throw new InvalidOperationException("buffer is still being read for an earlier frame; look at IsBusy first");
            }
            Callbacks.Hold(number, this);
        }

        internal void GiveBack()
        {
            Callbacks.Hold(number, null);
            Volatile.Write(ref busy, 0);
        }

        /// <summary>Frees memory of its own. Not while it is busy: destroy or cancel the stream first.</summary>
        public void Dispose()
        {
            if (IsBusy)
            {
                throw new InvalidOperationException("buffer is still being read; cancel its frame or dispose the stream first");
            }
            Free();
            GC.SuppressFinalize(this);
        }

        private void Free()
        {
            Callbacks.Remove(number);
            Data = IntPtr.Zero;
            IntPtr mine = Interlocked.Exchange(ref owned, IntPtr.Zero);
            if (mine != IntPtr.Zero)
            {
                Marshal.FreeHGlobal(mine);
            }
        }
    }
}
