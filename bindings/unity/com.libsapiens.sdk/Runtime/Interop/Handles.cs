// Owners of the three kinds of handles. The library looks handles up and never follows them, so a call on another thread that comes
// too late is an error there, not a fault.
using System;
using Microsoft.Win32.SafeHandles;

namespace Sapiens.Interop
{
    internal sealed class ContextHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        public ContextHandle(IntPtr handle) : base(true)
        {
            SetHandle(handle);
        }

        /// <summary>Frees it now, if the library allows it here; else it stays as it is.</summary>
        internal int Destroy()
        {
            IntPtr mine = handle;
            int status = Native.sapiens_context_destroy(ref mine);
            SetHandle(mine);
            return status;
        }

        protected override bool ReleaseHandle()
        {
            return Destroy() >= 0;
        }
    }

    internal sealed class StreamHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        public StreamHandle(IntPtr handle) : base(true)
        {
            SetHandle(handle);
        }

        /// <summary>Frees it now, if the library allows it here; else it stays as it is.</summary>
        internal int Destroy()
        {
            IntPtr mine = handle;
            int status = Native.sapiens_stream_destroy(ref mine);
            SetHandle(mine);
            return status;
        }

        protected override bool ReleaseHandle()
        {
            return Destroy() >= 0;
        }
    }

    /// <summary>A place for one reference to a result, which can be filled again and again, so that frames need no new object.</summary>
    internal sealed class ResultHandle : SafeHandleZeroOrMinusOneIsInvalid
    {
        public ResultHandle() : base(true)
        {
        }

        internal IntPtr Pointer
        {
            get { return handle; }
        }

        /// <summary>Takes over a reference, and gives back the one it had.</summary>
        internal void Replace(IntPtr next)
        {
            IntPtr previous = handle;
            SetHandle(next);
            if (previous != IntPtr.Zero)
            {
                Native.sapiens_result_release(ref previous);
            }
        }

        protected override bool ReleaseHandle()
        {
            Replace(IntPtr.Zero);
            return true;
        }
    }
}
