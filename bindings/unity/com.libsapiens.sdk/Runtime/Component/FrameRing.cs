using System;
using Unity.Collections;
using Unity.Collections.LowLevel.Unsafe;
using UnityEngine;
using UnityEngine.Rendering;

namespace Sapiens.Unity
{
    /// <summary>A few frames on their way from the graphics card to the library. Nothing waits and nothing is allocated: a frame is
    /// asked for, fetched when it has come, submitted without a copy, and its memory used again when the library has read
    /// it.</summary>
    internal sealed class FrameRing : IDisposable
    {
        private sealed class Slot
        {
            internal NativeArray<byte> Pixels;
            internal SapiensPixelBuffer Buffer;
            internal AsyncGPUReadbackRequest Request;
            internal bool IsReading;
            internal SapiensImage Image;
        }

        private const int BytesPerPixel = 4;
        private readonly Slot[] slots;
        private int next;
        private int oldest;

        internal FrameRing(int count, int width, int height)
        {
            Width = width;
            Height = height;
            slots = new Slot[count];
            for (int i = 0; i < count; i++)
            {
                var slot = new Slot { Pixels = new NativeArray<byte>(width * height * BytesPerPixel, Allocator.Persistent) };
                unsafe
                {
                    slot.Buffer = new SapiensPixelBuffer((IntPtr)slot.Pixels.GetUnsafePtr(), slot.Pixels.Length);
                }
                slots[i] = slot;
            }
        }

        internal int Width { get; private set; }

        internal int Height { get; private set; }

        /// <summary>Asks for the pixels of a texture; false: all memory is on its way already, this frame is left out.</summary>
        internal bool Request(Texture texture, SapiensOrientation orientation, long timestampNs)
        {
            Slot slot = slots[next];
            if (slot.IsReading || slot.Buffer.IsBusy)
            {
                return false;
            }
            slot.Image = new SapiensImage
            {
                Format = SapiensPixelFormat.Rgba8, Width = Width, Height = Height, RowStride = (long)Width * BytesPerPixel,
                Orientation = orientation, TimestampNs = timestampNs,
            };
            slot.Request = AsyncGPUReadback.RequestIntoNativeArray(ref slot.Pixels, texture, 0, TextureFormat.RGBA32);
            slot.IsReading = true;
            next = (next + 1) % slots.Length;
            return true;
        }

        /// <summary>Submits what has come, in order.</summary>
        internal void Submit(SapiensStream stream, SapiensSubmitOptions options)
        {
            for (int i = 0; i < slots.Length; i++)
            {
                Slot slot = slots[oldest];
                if (!slot.IsReading || !slot.Request.done)
                {
                    return;
                }
                slot.IsReading = false;
                oldest = (oldest + 1) % slots.Length;
                ulong frame;
                if (!slot.Request.hasError)
                {
                    stream.TrySubmit(slot.Buffer, ref slot.Image, options, 0, out frame);
                }
            }
        }

        /// <summary>The stream must have ended: then nothing is borrowed any more.</summary>
        public void Dispose()
        {
            AsyncGPUReadback.WaitAllRequests();
            foreach (Slot slot in slots)
            {
                slot.Buffer.Dispose();
                slot.Pixels.Dispose();
            }
        }
    }
}
