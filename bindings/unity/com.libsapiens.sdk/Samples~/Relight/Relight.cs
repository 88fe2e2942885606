using Sapiens.Unity;
using UnityEngine;

namespace Sapiens.Samples
{
    /// <summary>Lights you anew: albedo and normals of the person, and a light that circles. Put it on an empty object, give it the
    /// shader beside it, and press Play.</summary>
    public sealed class Relight : MonoBehaviour
    {
        [SerializeField] private Shader shader;
        [SerializeField] private Color light = new Color(1f, 0.9f, 0.75f);
        [SerializeField] private Color ambient = new Color(0.08f, 0.1f, 0.16f);
        [SerializeField] private float turnsPerSecond = 0.2f;

        private Material material;
        private GameObject picture;
        private SapiensCamera sapiens;

        private void Start()
        {
            material = new Material(shader != null ? shader : Shader.Find("Sapiens/Samples/Relight"));
            picture = GameObject.CreatePrimitive(PrimitiveType.Quad);
            picture.transform.SetParent(transform, false);
            var surface = picture.GetComponent<MeshRenderer>();
            surface.sharedMaterial = material;

            sapiens = gameObject.AddComponent<SapiensCamera>();
            sapiens.ResultReceived += OnResult;
            Show(SapiensMapKind.Normals, surface, "_Normals");
            Show(SapiensMapKind.Albedo, surface, "_Albedo");
            Show(SapiensMapKind.Alpha, surface, "_Alpha");
        }

        private void Show(SapiensMapKind kind, Renderer surface, string property)
        {
            // The shared material: each map sets its texture in it.
            var map = gameObject.AddComponent<SapiensMapTexture>();
            map.TextureCreated += texture => material.SetTexture(property, texture);
            map.Show(sapiens, kind, null, property);
        }

        private void OnResult(SapiensCamera from, SapiensResult result)
        {
            SapiensResultInfo info = result.Info;
            picture.transform.localScale = new Vector3((float)info.ImageWidth / info.ImageHeight, 1, 1);
        }

        private void Update()
        {
            float angle = Time.time * turnsPerSecond * 2 * Mathf.PI;
            // Normals are in Unity's space of the camera: surfaces that are seen look towards -z, so the light comes from there.
            var toLight = new Vector3(Mathf.Cos(angle), 0.4f, -0.6f + 0.5f * Mathf.Sin(angle));
            material.SetVector("_ToLight", toLight.normalized);
            material.SetColor("_Light", light);
            material.SetColor("_Ambient", ambient);
        }
    }
}
